/** Stochastic gradient descent, plain or with momentum. */
import { add, fields, mul, type StateDeclarations } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { element, nonNegative } from '../parts';
import { defineRule, type Rule } from '../rule';

export interface SgdOptions extends CommonOptions {
  /** mu >= 0. */
  momentum?: number;
  nesterov?: boolean;
}

/** `momentum` is the same rule with another default. */
export const descentRule = (kind: string, momentum: number): Rule => defineRule({
  kind,
  learningRate: 0.01,
  options: { momentum: nonNegative(momentum), nesterov: fields.boolean(false) },
  state: (options): StateDeclarations => (options.momentum ? { velocity: element } : {}),
  step({ gradient, state, rate }, { momentum: mu, nesterov }) {
    if (!mu) return { step: mul(rate, gradient) };
    const velocity = add(mul(mu, state['velocity']!), gradient);
    return { step: mul(rate, nesterov ? add(gradient, mul(mu, velocity)) : velocity), state: { velocity } };
  },
});

const rule = descentRule('sgd', 0);

/**
 * Stochastic gradient descent.
 *
 *     w <- w - eta g
 *     with momentum:   u <- mu u + g,   w <- w - eta u,   or with nesterov   w <- w - eta (g + mu u)
 *
 * The velocity u does not hold the learning rate, as in tf.train.momentum and torch.optim.SGD; Keras's does, which differs
 * once the rate changes.
 * @param options learningRate 0.01 (Keras's; tf.train.sgd has none), momentum 0, nesterov false, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Polyak 1964; Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning"
 */
export function sgd(options: SgdOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
