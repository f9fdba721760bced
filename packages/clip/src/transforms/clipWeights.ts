/** Weight clipping: a limit on the weights themselves, after each update. */
import { defineTransform, expected, fields, max, min, mul, norm, scaleTo, type Threshold } from '@clipkit/core';

/**
 * Keeps the updated weights within a limit. It bounds the model, where gradient clipping bounds a step.
 *
 * value: W ← min(max(W, −v), v);  norm: W ← W · min(1, c / ‖W‖), per variable
 * @param options either value: v ≥ 0, or norm: c ≥ 0
 * @throws TypeError, RangeError on an option that is out of its range, on both or none
 * @see Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", 1701.07875, with v = 0.01; Keras `MaxNorm`
 */
export const clipWeights = defineTransform({
  kind: 'clipWeights',
  package: 'clip',
  stage: 'weight',
  arguments: (options: { value: Threshold } | { norm: Threshold }) => options,
  options: { value: fields.threshold({ optional: true }), norm: fields.threshold({ optional: true }) },
  check: ({ value, norm: maxNorm }, owner) => {
    if ((value === undefined) === (maxNorm === undefined)) throw new TypeError(expected(owner, 'options', 'either { value } or { norm }', value === undefined ? {} : { value, norm: maxNorm }));
  },
  update({ weight }, { value, norm: maxNorm }) {
    if (value !== undefined) return { weight: max(min(weight, value), mul(value, -1)) };
    return { weight: mul(weight, scaleTo(maxNorm!, norm(weight, 'each'))) };
  },
});
