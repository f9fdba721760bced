/** Clipping by each variable's root mean square. */
import { defineTransform, div, fields, mul, norm, scaleTo, size, sqrt, type Threshold } from '@clipkit/core';

/**
 * Scales each variable's gradient so that its root mean square is at most maxRms, whatever the variable's size.
 *
 * gᵢ ← gᵢ / max(1, RMS(gᵢ) / c), RMS(gᵢ) = ‖gᵢ‖ / √nᵢ
 * @param maxRms c ≥ 0, Infinity for no limit
 * @throws TypeError, RangeError on an option that is out of its range
 * @see optax `clip_by_block_rms`; Shazeer & Stern 2018, "Adafactor", 1804.04235, section 6, where c is 1 and updates are clipped
 */
export const byBlockRms = defineTransform({
  kind: 'byBlockRms',
  package: 'clip',
  traits: ['limit', 'scale'],
  arguments: (maxRms: Threshold) => ({ maxRms }),
  options: { maxRms: fields.threshold() },
  update: ({ gradient }, { maxRms }) => ({ gradient: mul(gradient, scaleTo(maxRms, div(norm(gradient, 'each'), sqrt(size('each'))))) }),
});
