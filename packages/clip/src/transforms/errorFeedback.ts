/** Error feedback: what clipping takes away is not lost. */
import { add, defineTransform, fields, finite, max, min, select, sub, type GradientTransform } from '@clipkit/core';
import { checkNested } from './nested';

/** Of single precision. */
const LARGEST = 2 ** 128 - 2 ** 104;

/**
 * Clips with another transform and adds what was clipped off to the next gradient (U-Clip), so that clipping has no bias in the long run.
 *
 * u = clip(g + Δ),  Δ ← g + Δ − u
 *
 * Δ starts at zero and costs the memory of one gradient. A value that is not finite never enters it. Around truncateGradients
 * it is the residual of deep gradient compression.
 * @param transform what clips, or a list; neither accumulation nor transforms of the weights
 * @throws TypeError when the transform is none, or one that cannot be nested
 * @see Elesedy & Hutter 2023, "U-Clip: On-average unbiased stochastic gradient clipping", 2302.02971
 */
export const errorFeedback = defineTransform({
  kind: 'errorFeedback',
  package: 'clip',
  arguments: (transform: GradientTransform | readonly GradientTransform[]) => ({ transform }),
  options: { transform: fields.transform() },
  check: ({ transform }, owner) => { checkNested(owner, 'transform', transform); },
  state: { residual: { extent: 'element', init: 0 } },
  update({ gradient, state, apply }, { transform }) {
    const sum = add(gradient, state['residual']!);
    // Two finite numbers may have a sum that single precision does not hold; an infinite gradient stays one.
    const whole = select(finite(gradient), max(min(sum, LARGEST), -LARGEST), sum);
    const clipped = apply(transform, 'transform', { gradient: whole }).gradient;
    return { gradient: clipped, state: { residual: sub(whole, clipped) } };
  },
});
