/** Adam with decoupled weight decay by default. */
import { buildOptimizer, type FusedOptimizer } from '../optimizer';
import { defineAdam, type AdamOptions } from './adam';

const rule = defineAdam('adamW', 0.004);

/**
 * AdamW: `adam` with another default.
 *
 *     w <- w - eta (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + lambda w)
 *
 * Epsilon stands as in `adam`, the paper and torch; Keras adds it to the uncorrected root.
 * @param options learningRate 1e-3, weightDecay 0.004 (Keras's; torch's is 0.01), beta1 0.9, beta2 0.999, epsilon 1e-7, amsgrad false, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Loshchilov, Hutter 2017, 1711.05101
 */
export function adamW(options: AdamOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
