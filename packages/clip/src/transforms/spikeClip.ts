/** Spike clipping: single elements that leap out of their own history. */
import { abs, add, and, defineTransform, div, fields, gt, max, min, mul, neg, select, sqrt, square, sub, type Formula, type Threshold } from '@clipkit/core';

/**
 * Limits an element whose square exceeds a multiple of its own second moment so far; the sign stays.
 *
 * where g² > θ · v̂:  g ← sign(g) · √(θ · v̂);  v ← β v + (1 − β) g², with the clipped g
 *
 * v̂ is the bias-corrected average of *earlier* steps, so the first step is untouched (with the current g in it, g² could
 * never exceed 5000 · v̂ at a decay of 0.999). An element whose history is all zero is left alone. A square that is not
 * finite in single precision never enters v.
 * @param options threshold: θ ≥ 0, default 5000; decay: β in [0, 1), default 0.999
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Huang et al. 2025, "SPAM: Spike-aware Adam with momentum reset", 2501.06842, whose v is Adam's
 */
export const spikeClip = defineTransform({
  kind: 'spikeClip',
  package: 'clip',
  arguments: (options: { threshold?: Threshold; decay?: number } = {}) => options,
  options: { threshold: fields.threshold({ default: 5000 }), decay: fields.number({ min: 0, below: 1, default: 0.999 }) },
  state: {
    /** v̂ */
    secondMoment: { extent: 'element', init: 0 },
    /** The average of 1, which equals 1 − βᵗ without its cancellation. */
    correction: { extent: 'each', init: 0 },
  },
  update({ gradient, state }, { threshold, decay }) {
    const { secondMoment, correction } = state as Record<'secondMoment' | 'correction', Formula>;
    // Two roots, since θ · v̂ overflows single precision where √(θ · v̂) does not.
    const limit = mul(sqrt(secondMoment), sqrt(threshold));
    const spikes = and(gt(secondMoment, 0), gt(abs(gradient), limit));
    const kept = select(spikes, max(min(gradient, limit), neg(limit)), gradient);
    // v̂ moves by (1 − β) / (1 − βᵗ), which is the corrected average itself: an element that is left out once keeps its v̂.
    const next = add(mul(decay, correction), 1 - decay), share = div(1 - decay, next);
    return { gradient: kept, state: { secondMoment: add(mul(sub(1, share), secondMoment), mul(share, square(kept))), correction: next } };
  },
});
