/** Whether one of tfjs's own optimizers was disposed: it does not say so itself, and fails in its next step. */
import * as tf from '@tensorflow/tfjs-core';
import { isStock } from './stock';

/** Some tensor of the optimizer's own, or a slot, is gone. Of optimizers that are not tfjs's nobody knows. */
export function isDisposed(optimizer: tf.Optimizer): boolean {
  return (
    isStock(optimizer) &&
    Object.values(optimizer).some((held: unknown) =>
      Array.isArray(held)
        ? held.some((slot: { variable?: unknown } | undefined) => isGone(slot?.variable))
        : isGone(held),
    )
  );
}

const isGone = (held: unknown): boolean => held instanceof tf.Tensor && held.isDisposed;
