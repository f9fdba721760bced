/** clipGradients(): clipping in hand-written loops, where TensorFlow has tf.clip_by_global_norm. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, StandaloneChain } from '@clipkit/core';
import { readHow, type How } from './how';

/** Chains that were traced before, by their transforms or by the text of their options. */
const byIdentity = new WeakMap<object, StandaloneChain>();
const byText = new Map<string, StandaloneChain>();
const MOST_TEXTS = 32;

/**
 * Clips gradients and returns them with their joint L2 norm before clipping. The gradients given are neither written nor disposed.
 * @param gradients a map of names, as tf.variableGrads returns, or a list; null entries stay
 * @param how Keras's arguments, a transform, or a list of transforms, none of which may remember earlier steps
 * @returns new tensors that the caller disposes
 * @example
 * const { value, grads } = tf.variableGrads(loss);
 * const { gradients, norm } = clipGradients(grads, { globalClipnorm: 1 });
 * optimizer.applyGradients(gradients);
 */
export function clipGradients<G extends tf.NamedTensorMap | readonly (tf.Tensor | null)[]>(gradients: G, how: How): { gradients: G; norm: tf.Scalar } {
  const owner = '[clip] clipGradients';
  if (typeof gradients !== 'object' || gradients === null || gradients instanceof tf.Tensor) throw new TypeError(expected(owner, 'gradients', 'a list of tensors or a map from names to tensors', gradients));
  const chain = chainFor(owner, how);
  if (Array.isArray(gradients)) {
    const named = (gradients as (tf.Tensor | null)[]).map((tensor, index) => ({ name: `${index}`, tensor }));
    const result = chain.run(named);
    return { gradients: result.gradients as unknown as G, norm: result.norm };
  }
  const names = Object.keys(gradients);
  const result = chain.run(names.map((name) => ({ name, tensor: (gradients as tf.NamedTensorMap)[name] })));
  return { gradients: Object.fromEntries(names.map((name, index) => [name, result.gradients[index]])) as G, norm: result.norm };
}

function chainFor(owner: string, how: How): StandaloneChain {
  const text = textOf(how);
  const found = text === null ? byIdentity.get(how) : byText.get(text);
  if (found) return found;
  const { transforms, nonFinite } = readHow(owner, how);
  const made = new StandaloneChain(owner, transforms, nonFinite);
  if (text === null) byIdentity.set(how, made);
  else {
    if (byText.size >= MOST_TEXTS) byText.delete(byText.keys().next().value!);
    byText.set(text, made);
  }
  return made;
}

/** Options of plain numbers and strings are the same wherever they are written; anything else goes by identity. */
function textOf(how: How): string | null {
  if (typeof how !== 'object' || how === null || Array.isArray(how)) return null;
  const values = Object.values(how);
  return values.every((each) => typeof each === 'number' || typeof each === 'string') ? Object.entries(how).map(([key, value]) => `${key}=${String(value)}`).join() : null;
}
