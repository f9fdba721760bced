/** Adadelta. */
import { add, div, fields, mul, sqrt, square } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, decayRate, element, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface AdadeltaOptions extends CommonOptions {
  /** rho in [0, 1). */
  rho?: number;
  epsilon?: number;
  /** Which average of squared gradients divides: that before this step, or that with it. */
  divideBy?: 'previous' | 'current';
}

const rule = defineRule({
  kind: 'adadelta',
  learningRate: 1e-3,
  options: { rho: decayRate(0.95), epsilon: nonNegative(1e-7), divideBy: fields.oneOf<'previous' | 'current'>(['previous', 'current'], 'previous') },
  state: { meanSquare: element, meanSquaredStep: element },
  step({ gradient, state, rate }, { rho, epsilon, divideBy }) {
    const meanSquare = average(rho, state['meanSquare']!, square(gradient));
    const divisor = divideBy === 'current' ? meanSquare : state['meanSquare']!;
    const direction = mul(sqrt(div(add(state['meanSquaredStep']!, epsilon), add(divisor, epsilon))), gradient);
    return { step: mul(rate, direction), state: { meanSquare, meanSquaredStep: average(rho, state['meanSquaredStep']!, square(direction)) } };
  },
});

/**
 * Adadelta: steps in the units of the variable, from the ratio of two running root mean squares.
 *
 *     d = sqrt(x + eps) / sqrt(s + eps) g,   s <- rho s + (1 - rho) g^2,   x <- rho x + (1 - rho) d^2,   w <- w - eta d
 *
 * As in tf.train.adadelta, s in the division is that of the step before, so the first step is g itself. The paper, Keras and
 * torch divide by the s that has this gradient in it: `divideBy: 'current'`.
 * @param options learningRate 1e-3, rho 0.95, epsilon 1e-7, divideBy 'previous', and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Zeiler 2012, 1212.5701
 */
export function adadelta(options: AdadeltaOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
