/** LARS. */
import { add, and, div, fields, gt, mul, norm, select, type Pattern } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { element, nonNegative } from '../parts';
import { defineRule, withoutExcluded } from '../rule';

export interface LarsOptions extends CommonOptions {
  /** mu >= 0. */
  momentum?: number;
  nesterov?: boolean;
  /** tau > 0: the share of its own norm that a variable moves by at a learning rate of 1. */
  trustCoefficient?: number;
  epsilon?: number;
  /** Variables whose step is not scaled by their norm: names, RegExps, or a list of both. */
  excludeFromLayerAdaptation?: Pattern;
}

const rule = defineRule({
  kind: 'lars',
  learningRate: 0.01,
  decaysItself: true,
  options: {
    momentum: nonNegative(0.9), nesterov: fields.boolean(false), trustCoefficient: fields.number({ above: 0, finite: true, default: 1e-3 }), epsilon: nonNegative(0),
    excludeFromLayerAdaptation: fields.pattern([]),
  },
  state: { velocity: element },
  step({ gradient, weight, state, rate, withDecay }, { momentum, nesterov, trustCoefficient, epsilon, excludeFromLayerAdaptation }) {
    const direction = withDecay(gradient);
    const size = norm(weight, 'each'), length = norm(direction, 'each');
    const trust = select(and(gt(size, 0), gt(length, 0)), div(mul(trustCoefficient, size), add(length, epsilon)), 1);
    const scaled = mul(mul(rate, withoutExcluded(excludeFromLayerAdaptation, trust, 1)), direction);
    const velocity = add(mul(momentum, state['velocity']!), scaled);
    return { step: nesterov ? add(scaled, mul(momentum, velocity)) : velocity, state: { velocity } };
  },
});

/**
 * LARS: momentum on gradients that are scaled, variable by variable, to a share of the variable's own norm; made for very large batches.
 *
 *     r = g + lambda w,   d = eta tau |w| / (|r| + eps) r,   u <- mu u + d,   w <- w - u,   or with nesterov   w <- w - (d + mu u)
 *
 * The ratio is 1 where either norm is 0. As in the paper and optax, the velocity holds the learning rate, and weight decay is part of r.
 * Clipping before it does next to nothing, since it normalises each gradient itself.
 * @param options learningRate 0.01 (optax has none), momentum 0.9, nesterov false, trustCoefficient 1e-3, epsilon 0, weightDecay 0,
 * excludeFromLayerAdaptation none, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see You, Gitman, Ginsburg 2017, 1708.03888
 */
export function lars(options: LarsOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
