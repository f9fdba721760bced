/** clip(): gradient clipping around any optimizer. */
import * as tf from '@tensorflow/tfjs-core';
import { ClipkitOptimizer, expected, isDisposed } from '@clipkit/core';
import { readHow, type How } from './how';

/** An optimizer whose gradients are clipped before it sees them. */
export type ClippedOptimizer<O extends tf.Optimizer = tf.Optimizer> = ClipkitOptimizer<O>;

/**
 * Wraps an optimizer so that its gradients are clipped first; use the result wherever the optimizer was used.
 *
 * An optimizer of @clipkit/optimizers, or one that clip() returned, is not wrapped: the new clipping runs before its
 * own, in one step with it. Either way the result takes the optimizer's place. With `nonFinite: 'skip'` around an
 * optimizer that is not ours, one scalar is read back each step on GPU backends.
 * @param optimizer any tf.Optimizer; the wrapper owns it from now on, and disposes it
 * @param how Keras's arguments, a transform, or a list of transforms
 * @throws TypeError, RangeError when the optimizer is none, is disposed, or when an option is unknown or out of its range
 * @example
 * model.compile({ optimizer: clip(tf.train.adam(1e-3), { globalClipnorm: 1 }), loss: 'sparseCategoricalCrossentropy' });
 */
export function clip<O extends tf.Optimizer>(optimizer: O, how: How): ClippedOptimizer<O> {
  const owner = '[clip] clip';
  checkOptimizer(owner, optimizer);
  const { transforms, nonFinite } = readHow(owner, how);
  if (isOurs(optimizer)) return optimizer.clippedBy(transforms, nonFinite) as ClippedOptimizer<O>;
  return new ClipkitOptimizer<O>({ transforms, rule: null, inner: optimizer, nonFinite });
}

/** tfjs's instanceof goes by shape, so the class name decides. */
const isOurs = (optimizer: tf.Optimizer): optimizer is ClipkitOptimizer =>
  optimizer.getClassName() === ClipkitOptimizer.className;

function checkOptimizer(owner: string, optimizer: unknown): asserts optimizer is tf.Optimizer {
  if (
    typeof optimizer !== 'object' ||
    optimizer === null ||
    !(optimizer instanceof tf.Optimizer) ||
    typeof optimizer.getClassName !== 'function'
  ) {
    throw new TypeError(expected(owner, 'optimizer', 'a tf.Optimizer', optimizer) + adviceOn(optimizer));
  }
  const own = isOurs(optimizer) ? optimizer.inner : optimizer;
  if (own && isDisposed(own)) throw new RangeError(`${owner}: the optimizer is disposed; make a new one`);
}

const NAMES = ['sgd', 'momentum', 'adagrad', 'adadelta', 'rmsprop', 'adam', 'adamax'];

function adviceOn(got: unknown): string {
  if (typeof got === 'function') return '; call it: pass an instance, such as tf.train.adam(0.001)';
  if (typeof got !== 'string') return ', such as tf.train.adam(0.001)';
  const name = NAMES.find((each) => each === got.toLowerCase());
  return name ? `; pass an instance: tf.train.${name}(…)` : '; pass an instance, such as tf.train.adam(0.001)';
}
