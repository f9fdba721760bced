/** Adam. */
import { fields, max } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { adamStep, advanceMoments, decayRate, element, MOMENTS, nonNegative } from '../parts';
import { defineRule, type Rule } from '../rule';

export interface AdamOptions extends CommonOptions {
  /** beta1, beta2 in [0, 1). */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Divides by the largest second moment so far. */
  amsgrad?: boolean;
}

/** `adamW` is the same rule with another default. */
export const defineAdam = (kind: string, weightDecay: number): Rule => defineRule({
  kind,
  learningRate: 1e-3,
  weightDecay,
  options: { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-7), amsgrad: fields.boolean(false) },
  state: ({ amsgrad }) => ({ ...MOMENTS, ...(amsgrad && { largest: element }) }),
  step({ gradient, state, rate }, { beta1, beta2, epsilon, amsgrad }) {
    const moments = advanceMoments(state, gradient, beta1, beta2);
    if (!amsgrad) return { step: adamStep(rate, moments, epsilon), state: moments };
    const largest = max(state['largest']!, moments.secondMoment);
    return { step: adamStep(rate, { ...moments, secondMoment: largest }, epsilon), state: { ...moments, largest } };
  },
});

export const adamRule = defineAdam('adam', 0);

/**
 * Adam: running averages of the gradient and of its square.
 *
 *     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
 *     w <- w - eta m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * With amsgrad the largest v so far stands in the root. As in the paper, tf.train.adam and torch, epsilon is added to the
 * corrected root; Keras adds it to the uncorrected one, which makes it up to 1 / sqrt(1 - beta2) times larger at first.
 * Steps are counted per variable.
 * @param options learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-7, amsgrad false, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Kingma, Ba 2014, 1412.6980; Reddi, Kale, Kumar 2018, 1904.09237 (amsgrad)
 */
export function adam(options: AdamOptions = {}): FusedOptimizer {
  return buildOptimizer(adamRule, options);
}
