/** Lion. */
import { mul, sign } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, decayRate, element } from '../parts';
import { defineRule } from '../rule';

export interface LionOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
}

const rule = defineRule({
  kind: 'lion',
  learningRate: 1e-3,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.99) },
  state: { firstMoment: element },
  step: ({ gradient, state, rate }, { beta1, beta2 }) => ({
    step: mul(rate, sign(average(beta1, state['firstMoment']!, gradient))),
    state: { firstMoment: average(beta2, state['firstMoment']!, gradient) },
  }),
});

/**
 * Lion: every element moves by the learning rate, in the direction of an average's sign.
 *
 *     w <- w - eta (sign(beta1 m + (1 - beta1) g) + lambda w),   m <- beta2 m + (1 - beta2) g
 *
 * The paper advises a learning rate three to ten times smaller than Adam's, and a weight decay as much larger.
 * Clipping by norm hardly changes a sign: it acts through m only.
 * @param options learningRate 1e-3 (Keras's; optax has none), beta1 0.9, beta2 0.99, weightDecay 0 (optax's is 1e-3), and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Chen et al. 2023, 2302.06675
 */
export function lion(options: LionOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
