/** RMSProp. */
import { add, div, fields, max, mul, sqrt, square, sub } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { average, decayRate, element, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface RmspropOptions extends CommonOptions {
  /** rho in [0, 1). */
  decay?: number;
  /** mu >= 0. */
  momentum?: number;
  epsilon?: number;
  /** Divides by the gradient's variance rather than its mean square. */
  centered?: boolean;
}

const rule = defineRule({
  kind: 'rmsprop',
  learningRate: 1e-3,
  options: { decay: decayRate(0.9), momentum: nonNegative(0), epsilon: nonNegative(1e-7), centered: fields.boolean(false) },
  state: ({ momentum, centered }) => ({ meanSquare: element, ...(centered && { mean: element }), ...(momentum && { velocity: element }) }),
  step({ gradient, state, rate }, { decay, momentum, epsilon, centered }) {
    const meanSquare = average(decay, state['meanSquare']!, square(gradient));
    const mean = centered ? average(decay, state['mean']!, gradient) : null;
    // Rounding can take a variance of nothing below zero by more than epsilon, and its root would be NaN.
    const spread = mean ? max(sub(meanSquare, square(mean)), 0) : meanSquare;
    const direction = div(mul(rate, gradient), sqrt(add(spread, epsilon)));
    const velocity = momentum ? add(mul(momentum, state['velocity']!), direction) : null;
    return { step: velocity ?? direction, state: { meanSquare, ...(mean && { mean }), ...(velocity && { velocity }) } };
  },
});

/**
 * RMSProp: each element's gradient divided by a running root mean square of it.
 *
 *     s <- rho s + (1 - rho) g^2,   d = eta g / sqrt(s + eps)
 *     centered:        a <- rho a + (1 - rho) g,   d = eta g / sqrt(s - a^2 + eps)
 *     with momentum:   u <- mu u + d,   w <- w - u,   else   w <- w - d
 *
 * As in tf.train.rmsprop and Keras, epsilon is inside the root and the velocity holds the learning rate; torch has both otherwise.
 * Centered, tf.train.rmsprop subtracts epsilon, which is NaN where a gradient is zero; here it is added, as in Keras.
 * @param options learningRate 1e-3 (Keras's; tf.train.rmsprop has none), decay 0.9, momentum 0, epsilon 1e-7, centered false, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Hinton, Tieleman 2012, lecture 6e; Graves 2013, 1308.0850 (centered)
 */
export function rmsprop(options: RmspropOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
