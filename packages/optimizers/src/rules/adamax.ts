/** Adamax. */
import { abs, add, div, max, mul } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, decayRate, each, element, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface AdamaxOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** delta >= 0: the learning rate of step t, counted from 0, is eta / (1 + delta t). */
  decay?: number;
}

const rule = defineRule({
  kind: 'adamax',
  learningRate: 2e-3,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-7), decay: nonNegative(0) },
  state: { firstMoment: element, infinityNorm: element, firstCorrection: each },
  step({ gradient, state, rate, step }, { beta1, beta2, epsilon, decay }) {
    const firstMoment = average(beta1, state['firstMoment']!, gradient);
    const infinityNorm = max(mul(beta2, state['infinityNorm']!), abs(gradient));
    const firstCorrection = average(beta1, state['firstCorrection']!, 1);
    const decayed = decay ? div(rate, add(1, mul(decay, step))) : rate;
    return {
      step: div(mul(div(decayed, firstCorrection), firstMoment), add(infinityNorm, epsilon)),
      state: { firstMoment, infinityNorm, firstCorrection },
    };
  },
});

/**
 * Adamax: Adam with a running maximum in place of the root mean square.
 *
 *     m <- beta1 m + (1 - beta1) g,   u <- max(beta2 u, |g|),   w <- w - eta / (1 - beta1^t) m / (u + eps)
 *
 * As in tf.train.adamax and Keras, epsilon is added to u; torch adds it to |g| before the maximum.
 * @param options learningRate 2e-3 (tf.train.adamax's; Keras's is 1e-3), beta1 0.9, beta2 0.999, epsilon 1e-7, decay 0, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Kingma, Ba 2014, 1412.6980, section 7
 */
export function adamax(options: AdamaxOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
