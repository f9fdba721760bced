/** Nadam. */
import { add, div, mul, pow, sub } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, correctedRoot, decayRate, each, element, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface NadamOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

const rule = defineRule({
  kind: 'nadam',
  learningRate: 1e-3,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-7) },
  state: { firstMoment: element, secondMoment: element, secondCorrection: each, count: each, product: { extent: 'each', init: 1 } },
  step({ gradient, state, rate }, { beta1, beta2, epsilon }) {
    const count = add(state['count']!, 1);
    const now = mul(beta1, sub(1, mul(0.5, pow(0.96, count)))), next = mul(beta1, sub(1, mul(0.5, pow(0.96, add(count, 1)))));
    const product = mul(state['product']!, now);
    const firstMoment = average(beta1, state['firstMoment']!, gradient), secondMoment = average(beta2, state['secondMoment']!, mul(gradient, gradient));
    const secondCorrection = average(beta2, state['secondCorrection']!, 1);
    const ahead = add(
      mul(mul(rate, div(next, sub(1, mul(product, next)))), firstMoment),
      mul(mul(rate, div(sub(1, now), sub(1, product))), gradient),
    );
    return { step: div(ahead, correctedRoot(secondMoment, secondCorrection, epsilon)), state: { firstMoment, secondMoment, secondCorrection, count, product } };
  },
});

/**
 * Nadam: Adam with Nesterov's look ahead.
 *
 *     mu(t) = beta1 (1 - 0.96^t / 2),   p <- p mu(t),   m and v as in Adam
 *     w <- w - eta (mu(t+1) m / (1 - p mu(t+1)) + (1 - mu(t)) g / (1 - p)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * As in Keras; torch's momentum decays by 0.96^(t / 250).
 * @param options learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-7, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Dozat 2015, "Incorporating Nesterov momentum into Adam"
 */
export function nadam(options: NadamOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
