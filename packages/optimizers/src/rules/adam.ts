/** Adam. */
import { add, defineTransform, div, fields, max, mul, sqrt, square, sub } from '@clipkit/core';
import { advanceCorrections, average, decay, element, epsilon, learningRate, MOMENTS } from './common';

/**
 * m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − η · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * With amsgrad, the largest v so far stands in the root. [Kingma & Ba 2014, 1412.6980; Reddi, Kale, Kumar 2018]
 * As in tf.train.adam, ε is added outside the root to the corrected one.
 */
export const adamRule = defineTransform({
  kind: 'adam',
  package: 'optimizers',
  stage: 'rule',
  arguments: (options: object) => options,
  options: { learningRate: learningRate(1e-3), beta1: decay(0.9), beta2: decay(0.999), epsilon: epsilon(1e-7), amsgrad: fields.boolean(false) },
  state: ({ amsgrad }) => ({ ...MOMENTS, ...(amsgrad && { largest: element }) }),
  update({ gradient, weight, state, learningRate: rate }, { beta1, beta2, epsilon: small, amsgrad }) {
    const firstMoment = average(beta1, state['firstMoment']!, gradient), secondMoment = average(beta2, state['secondMoment']!, square(gradient));
    const corrections = advanceCorrections(state, beta1, beta2);
    const largest = amsgrad ? max(state['largest']!, secondMoment) : secondMoment;
    const root = sqrt(mul(largest, div(1, corrections.secondCorrection)));
    const step = div(mul(div(rate, corrections.firstCorrection), firstMoment), add(root, small));
    return { weight: sub(weight, step), state: { firstMoment, secondMoment, ...corrections, ...(amsgrad && { largest }) } };
  },
});
