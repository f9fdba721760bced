/** Stochastic gradient descent, with momentum. */
import { add, defineTransform, fields, mul, sub, type StateDeclarations } from '@clipkit/core';
import { element, learningRate } from './common';

/**
 * w ← w − η g; with momentum μ: u ← μ u + g, w ← w − η u, or with nesterov w ← w − η (g + μ u).
 *
 * The velocity does not hold the learning rate, as in tf.train.momentum; Keras's does, which differs once the rate changes.
 * [Polyak 1964; Sutskever et al. 2013]
 */
export const sgdRule = defineTransform({
  kind: 'sgd',
  package: 'optimizers',
  stage: 'rule',
  arguments: (options: object) => options,
  options: { learningRate: learningRate(0.01), momentum: fields.number({ min: 0, default: 0 }), nesterov: fields.boolean(false) },
  state: ({ momentum }): StateDeclarations => (momentum ? { velocity: element } : {}),
  update({ gradient, weight, state, learningRate: rate }, { momentum, nesterov }) {
    if (!momentum) return { weight: sub(weight, mul(rate, gradient)) };
    const velocity = add(mul(momentum, state['velocity']!), gradient);
    return { weight: sub(weight, mul(rate, nesterov ? add(gradient, mul(momentum, velocity)) : velocity)), state: { velocity } };
  },
});
