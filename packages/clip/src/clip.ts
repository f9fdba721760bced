/** clip(): gradient clipping around any optimizer. */
import * as tf from '@tensorflow/tfjs-core';
import { ClipkitOptimizer, expected } from '@clipkit/core';
import { readHow, type How } from './how';

/** An optimizer whose gradients are clipped before it sees them. */
export type ClippedOptimizer<O extends tf.Optimizer = tf.Optimizer> = ClipkitOptimizer<O>;

/**
 * Wraps an optimizer so that its gradients are clipped first; use the result wherever the optimizer was used.
 *
 * An optimizer of @clipkit/optimizers is not wrapped: the clipping becomes part of its one fused step.
 * With `nonFinite: 'skip'` around an optimizer that is not ours, one scalar is read back each step on GPU backends.
 * @param optimizer any tf.Optimizer; the wrapper owns it from now on, and disposes it
 * @param how Keras's arguments, a transform, or a list of transforms
 * @throws TypeError, RangeError when the optimizer is none, or an option is unknown or out of its range
 * @example
 * model.compile({ optimizer: clip(tf.train.adam(1e-3), { globalClipnorm: 1 }), loss: 'sparseCategoricalCrossentropy' });
 */
export function clip<O extends tf.Optimizer>(optimizer: O, how: How): ClippedOptimizer<O> {
  const owner = '[clip] clip';
  if (typeof optimizer !== 'object' || optimizer === null || !(optimizer instanceof tf.Optimizer)) throw new TypeError(expected(owner, 'optimizer', 'a tf.Optimizer', optimizer));
  const { transforms, nonFinite } = readHow(owner, how);
  if (isFused(optimizer)) return optimizer.clippedBy(transforms, nonFinite) as ClippedOptimizer<O>;
  return new ClipkitOptimizer<O>({ transforms, rule: null, inner: optimizer, nonFinite });
}

/** tfjs's instanceof goes by shape, so the class name decides. */
const isFused = (optimizer: tf.Optimizer): optimizer is ClipkitOptimizer => optimizer.getClassName() === ClipkitOptimizer.className;
