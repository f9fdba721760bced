/** Saving and loading an optimizer's state, as uniquely named weights. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import type { ClipkitOptimizer } from './optimizer';
import type { SavedTensor } from '../state/store';
import { isStock, restoreStockState, stockState, type NamedTensor } from './stock';

const INNER = 'inner/', COUNTERS = 'counters';

/** Tensors that were made for saving only; model.save never disposes what it gets, so they live until the next save. */
const exported = new WeakMap<ClipkitOptimizer, tf.Tensor[]>();

export async function saveWeights(optimizer: ClipkitOptimizer): Promise<NamedTensor[]> {
  for (const tensor of exported.get(optimizer) ?? []) tensor.dispose();
  const made: tf.Tensor[] = [];
  const make = (name: string, tensor: tf.Tensor): NamedTensor => {
    made.push(tensor);
    return { name, tensor };
  };
  const weights = [
    make('iter', tf.scalar(optimizer.iterations, 'int32')),
    make(COUNTERS, tf.tensor1d([optimizer.calls, optimizer.appliedSteps, optimizer.inner?.iterations ?? 0], 'int32')),
    ...optimizer.state.export().map(({ name, tensor, made: isNew }) => (isNew ? make(name, tensor) : { name, tensor })),
  ];
  const { inner } = optimizer;
  if (inner) {
    const own = isStock(inner) ? stockState(inner) : (await inner.getWeights());
    weights.push(...own.map(({ name, tensor }) => ({ name: INNER + name, tensor })));
  }
  exported.set(optimizer, made);
  return weights;
}

/** Takes saved weights, all of them or none. Returns the iterations. */
export async function loadWeights(optimizer: ClipkitOptimizer, weights: readonly NamedTensor[]): Promise<number> {
  const owner = '[core] setWeights';
  if (!Array.isArray(weights) || !weights.every((each) => typeof each?.name === 'string' && each.tensor instanceof tf.Tensor)) throw new TypeError(expected(owner, 'weights', 'a list of { name, tensor }', weights));
  const byName = new Map(weights.map(({ name, tensor }) => [name, tensor]));
  if (byName.size !== weights.length) throw new RangeError(`${owner}: names must be unique`);
  const [iter, counters] = await Promise.all(['iter', COUNTERS].map(async (name) => {
    const tensor = byName.get(name);
    if (!tensor) throw new RangeError(`${owner}: the weight ${show(name)} is missing; is this the state of another optimizer?`);
    return tensor.data();
  }));
  const { inner } = optimizer;
  const own = weights.filter(({ name }) => name !== 'iter' && name !== COUNTERS && !name.startsWith(INNER));
  const theirs = weights.filter(({ name }) => name.startsWith(INNER)).map(({ name, tensor }) => ({ name: name.slice(INNER.length), tensor }));
  if (!inner && theirs.length) throw new RangeError(`${owner}: unexpected weight ${show(INNER + theirs[0]!.name)}: this optimizer wraps none`);
  const saved = new Map<string, SavedTensor>(await Promise.all(own.map(async ({ name, tensor }): Promise<[string, SavedTensor]> => [name, { shape: tensor.shape, values: new Float32Array(await tensor.data()) }])));
  checkComplete(owner, optimizer, saved);
  if (inner) {
    if (isStock(inner)) restoreStockState(inner, theirs, counters![2]!);
    else await inner.setWeights(theirs);
  }
  optimizer.state.import(saved);
  [optimizer.calls, optimizer.appliedSteps] = [counters![0]!, counters![1]!];
  return iter![0]!;
}

/** Every slot that all variables have must be there for each variable, and nothing that no slot takes. */
function checkComplete(owner: string, optimizer: ClipkitOptimizer, saved: ReadonlyMap<string, SavedTensor>): void {
  const slots = optimizer.programs.slots();
  const variables = new Map<string, Set<string>>();
  for (const name of saved.keys()) {
    const at = name.search(/#\d+\//), split = at < 0 ? 0 : name.indexOf('/', at) + 1;
    const key = name.slice(0, split), path = name.slice(split), slot = slots.get(path);
    if (!slot || (slot.extent === 'scalar') !== (key === '')) throw new RangeError(`${owner}: unexpected weight ${show(name)}: no state of this optimizer has that name`);
    variables.set(key, (variables.get(key) ?? new Set()).add(path));
  }
  for (const [key, paths] of variables) {
    for (const slot of slots.values()) {
      const everywhere = slot.only === null && (slot.extent === 'scalar') === (key === '');
      if (everywhere && !paths.has(slot.path)) throw new RangeError(`${owner}: the weight ${show(key + slot.path)} is missing`);
    }
  }
}
