/** LAMB. */
import { and, div, fields, gt, mul, norm, select, type Pattern } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { adamStep, advanceMoments, decayRate, MOMENTS, nonNegative } from '../parts';
import { defineRule, withoutExcluded } from '../rule';

export interface LambOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Variables whose step is not scaled by their norm: names, RegExps, or a list of both. */
  excludeFromLayerAdaptation?: Pattern;
}

const rule = defineRule({
  kind: 'lamb',
  learningRate: 1e-3,
  decaysItself: true,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-7), excludeFromLayerAdaptation: fields.pattern([]) },
  state: MOMENTS,
  step({ gradient, weight, state, rate, withDecay }, { beta1, beta2, epsilon, excludeFromLayerAdaptation }) {
    const moments = advanceMoments(state, gradient, beta1, beta2);
    const direction = withDecay(adamStep(1, moments, epsilon));
    const size = norm(weight, 'each'), length = norm(direction, 'each');
    const trust = select(and(gt(size, 0), gt(length, 0)), div(size, length), 1);
    return { step: mul(mul(rate, withoutExcluded(excludeFromLayerAdaptation, trust, 1)), direction), state: moments };
  },
});

/**
 * LAMB: Adam whose step is scaled, variable by variable, to the variable's own norm; made for very large batches.
 *
 *     r = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + lambda w,   w <- w - eta |w| / |r| r
 *
 * The ratio is 1 where either norm is 0. As in the paper and optax, weight decay is part of r; Keras takes it off beside the step.
 * @param options learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-7 (Keras's; optax's is 1e-6), weightDecay 0, excludeFromLayerAdaptation none, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see You et al. 2019, 1904.00962
 */
export function lamb(options: LambOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
