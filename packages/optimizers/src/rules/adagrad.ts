/** Adagrad. */
import { add, div, mul, sqrt, square } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface AdagradOptions extends CommonOptions {
  initialAccumulatorValue?: number;
  epsilon?: number;
}

const rule = defineRule({
  kind: 'adagrad',
  learningRate: 1e-3,
  options: { initialAccumulatorValue: nonNegative(0.1), epsilon: nonNegative(1e-7) },
  state: ({ initialAccumulatorValue }) => ({ accumulator: { extent: 'element', init: initialAccumulatorValue } }),
  step({ gradient, state, rate }, { epsilon }) {
    const accumulator = add(state['accumulator']!, square(gradient));
    return { step: div(mul(rate, gradient), sqrt(add(accumulator, epsilon))), state: { accumulator } };
  },
});

/**
 * Adagrad: each element's gradient divided by the root of all its squares so far.
 *
 *     s <- s + g^2,   w <- w - eta g / sqrt(s + eps)
 *
 * As in tf.train.adagrad and Keras, epsilon is inside the root; torch has it outside.
 * @param options learningRate 1e-3 (Keras's; tf.train.adagrad has none), initialAccumulatorValue 0.1, epsilon 1e-7, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Duchi, Hazan, Singer 2011, "Adaptive subgradient methods"
 */
export function adagrad(options: AdagradOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
