/** The factor that brings a length down to a limit, in the one form that is right in every corner. */
import type { Formula, Term } from '../formula';
import { div, finite, le, select } from '../formula';

/**
 * min(1, c / N), where N ≤ c gives exactly 1, c = 0 = N gives 1 instead of 0/0, and a length that is not finite gives
 * NaN:
 * the failure must show [TensorFlow, tf.clip_by_global_norm].
 */
export const scaleTo = (limit: Term, length: Formula): Formula =>
  select(finite(length), select(le(length, limit), 1, div(limit, length)), NaN);
