/** Smooth clipping: a scale that bends instead of breaking. */
import { add, defineTransform, div, fields, finite, gt, mul, norm, select, type Threshold } from '@clipkit/core';

/**
 * Scales all gradients so that their joint norm approaches maxNorm but never reaches it; small gradients are hardly changed.
 *
 * g ← g · c / (c + N), N = ‖g‖ over all variables
 * @param maxNorm c ≥ 0, Infinity for no limit
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Zhang, He, Sra, Jadbabaie 2020, "Why gradient clipping accelerates training", 1905.11881, equation 7
 */
export const softClip = defineTransform({
  kind: 'softClip',
  package: 'clip',
  traits: ['scale'],
  arguments: (maxNorm: Threshold) => ({ maxNorm }),
  options: { maxNorm: fields.threshold() },
  update({ gradient }, { maxNorm }) {
    const length = norm(gradient, 'scalar');
    // 1 / (1 + N/c) is 1 for c = ∞ and 0 for c = 0, where c / (c + N) has no value; N = 0 with c = 0 would be 0/0.
    const scale = select(gt(length, 0), div(1, add(1, div(length, maxNorm))), 1);
    return { gradient: mul(gradient, select(finite(length), scale, NaN)) };
  },
});
