/** Rectified Adam. */
import { add, div, gt, max, mul, select, sqrt, sub } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, correctedRoot, decayRate, each, element, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface RadamOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

const rule = defineRule({
  kind: 'radam',
  learningRate: 1e-3,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-8) },
  state: { firstMoment: element, secondMoment: element, firstCorrection: each, count: each, power: { extent: 'each', init: 1 }, powers: each, weightedPowers: each },
  step({ gradient, state, rate }, { beta1, beta2, epsilon }) {
    const firstMoment = average(beta1, state['firstMoment']!, gradient), secondMoment = average(beta2, state['secondMoment']!, mul(gradient, gradient));
    const firstCorrection = average(beta1, state['firstCorrection']!, 1), count = add(state['count']!, 1);
    // rho = limit - 2 t beta2^t / (1 - beta2^t) loses all its digits to cancellation at first. With S = sum of beta2^k and
    // E = sum of (k + 1) beta2^k, k < t, it is 2 E / S - 1, in which every term is positive.
    const power = state['power']!, powers = add(state['powers']!, power), weightedPowers = add(state['weightedPowers']!, mul(count, power));
    const length = sub(div(mul(2, weightedPowers), powers), 1), limit = 2 / (1 - beta2) - 1;
    const rectified = sqrt(max(0, div(mul(mul(sub(length, 4), sub(length, 2)), limit), mul(length, (limit - 4) * (limit - 2)))));
    const momentum = mul(div(rate, firstCorrection), firstMoment);
    const adaptive = div(mul(rectified, momentum), correctedRoot(secondMoment, mul(1 - beta2, powers), epsilon));
    return {
      step: select(gt(length, 5), adaptive, momentum),
      state: { firstMoment, secondMoment, firstCorrection, count, power: mul(power, beta2), powers, weightedPowers },
    };
  },
});

/**
 * Rectified Adam: plain momentum until the second moment's variance is known well enough, then Adam with a warm-up of its own.
 *
 *     rho = 2 / (1 - beta2) - 1 - 2 t beta2^t / (1 - beta2^t),   m and v as in Adam, M = m / (1 - beta1^t)
 *     rho > 5:   w <- w - eta r M / (sqrt(v / (1 - beta2^t)) + eps),   r^2 = (rho-4)(rho-2) limit / ((limit-4)(limit-2) rho)
 *     else       w <- w - eta M
 *
 * limit = 2 / (1 - beta2) - 1. As in optax; torch adds epsilon to the uncorrected root.
 * @param options learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-8 (torch's and optax's; Keras has no RAdam), and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Liu et al. 2019, 1908.03265
 */
export function radam(options: RadamOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
