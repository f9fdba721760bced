/** Gradients of one fixed length: their direction only. */
import { defineTransform, div, fields, finite, gt, mul, norm, select, type Threshold } from '@clipkit/core';

/**
 * Scales all gradients by one factor so that their joint norm is `to`, whether they were too large or too small.
 *
 * g ← g · to / N, N = ‖g‖ over all variables; a zero gradient stays zero. The learning rate alone then sets the length of a step.
 * @param options to ≥ 0, default 1; Infinity leaves gradients as they are
 * @throws TypeError, RangeError on an option that is out of its range
 * @see optax `normalize_by_update_norm`; Hazan, Levy, Shalev-Shwartz 2015, "Beyond convexity", 1507.02030
 */
export const normalizeGradients = defineTransform({
  kind: 'normalizeGradients',
  package: 'clip',
  traits: ['scale'],
  arguments: (options: { to?: Threshold } = {}) => options,
  options: { to: fields.threshold({ default: 1 }) },
  update({ gradient }, { to }) {
    const length = norm(gradient, 'scalar');
    const scale = select(gt(length, 0), select(finite(to), div(to, length), 1), 1);
    return { gradient: mul(gradient, select(finite(length), scale, NaN)) };
  },
});
