/** clipGradients(): clipping in hand-written loops, where TensorFlow has tf.clip_by_global_norm. */
import * as tf from '@tensorflow/tfjs-core';
import { Cache, expected, StandaloneChain } from '@clipkit/core';
import { readHow, textOf, type How } from './how';

/** Chains that were traced before, by the text of their options. */
const MOST_CHAINS = 32;
const chains = new Cache<string, StandaloneChain>(MOST_CHAINS);

/**
 * Clips gradients and returns them with their joint L2 norm before clipping. The gradients given are neither written
 * nor disposed.
 *
 * What `how` holds at the time of the call counts. Gradients of the same names and shapes find again what was made
 * ready for them, also where `how` is written anew in each call; only a plain function as a threshold should be kept
 * outside of the loop.
 * @param gradients a map of names, as tf.variableGrads returns, or a list; null entries stay. In a list nobody knows
 *   which variables they are for, so that transforms which look at the weights need a map
 * @param how Keras's arguments, a transform, or a list of transforms, none of which may remember earlier steps
 * @returns new tensors that the caller disposes
 * @throws TypeError, RangeError when an entry is neither a float32 tensor nor null, or is disposed; when an option is
 *   unknown or out of its range; and under `nonFinite: 'throw'`, naming the gradients. Nothing is left behind then
 * @example
 * const { value, grads } = tf.variableGrads(loss);
 * const { gradients, norm } = clipGradients(grads, { globalClipnorm: 1 });
 * optimizer.applyGradients(gradients);
 */
export function clipGradients<G extends tf.NamedTensorMap | readonly (tf.Tensor | null)[]>(
  gradients: G,
  how: How,
): { gradients: G; norm: tf.Scalar } {
  const owner = '[clip] clipGradients';
  if (Array.isArray(gradients)) {
    const { gradients: list, norm } = chainFor(owner, how).run(
      Array.from(gradients as readonly (tf.Tensor | null)[]),
      null,
    );
    return { gradients: list as unknown as G, norm };
  }
  if (!isMap(gradients))
    throw new TypeError(
      expected(
        owner,
        'gradients',
        'a list of tensors or a map from names to tensors, such as the grads of tf.variableGrads',
        gradients,
      ),
    );
  const names = Object.keys(gradients);
  const { gradients: list, norm } = chainFor(owner, how).run(
    names.map((name) => gradients[name]),
    names,
  );
  return { gradients: Object.fromEntries(names.map((name, index) => [name, list[index]])) as G, norm };
}

/** A plain object, also one of another realm: anything else would look like a map without entries. */
function isMap(value: unknown): value is Readonly<Record<string, tf.Tensor | null>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function chainFor(owner: string, how: How): StandaloneChain {
  return chains.get(textOf(how), () => {
    const { transforms, nonFinite } = readHow(owner, how);
    return new StandaloneChain(owner, transforms, nonFinite);
  });
}
