/** Saving and loading: the configuration that rebuilds an optimizer, and its state as uniquely named weights. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import { decode, decodeRecord, encode, encodeRecord, type Json } from '../transform/config';
import { NON_FINITE_POLICIES, type NonFinitePolicy } from '../transform/nonFinite';
import { isTransform, type GradientTransform } from '../transform/transform';
import type { ClipkitOptimizer, OptimizerOptions } from './optimizer';
import type { SavedTensor } from '../state/store';
import { isStock, restoreStockState, stockState, type NamedTensor } from './stock';

const OWNER = '[core] fromConfig';
const INNER = 'inner/', COUNTERS = 'counters';

export function configOf(optimizer: ClipkitOptimizer): Json {
  const { inner, options: { transforms, rule, nonFinite, layoutOf } } = optimizer;
  if (layoutOf) throw new TypeError('[core] getConfig: an optimizer with a layoutOf function cannot be saved, since code is not configuration');
  return {
    transforms: transforms.map(encode),
    nonFinite,
    rule: rule && { transform: rule.kind, options: encodeRecord({ ...rule.options, learningRate: optimizer.configuredRate }) },
    inner: inner && { className: inner.getClassName(), config: inner.getConfig() as Json },
  };
}

/** Reads a saved configuration: data, which is validated and never run. */
export function fromConfig(config: tf.serialization.ConfigDict): OptimizerOptions {
  const { transforms, rule, inner, nonFinite, ...rest } = config;
  const unknown = Object.keys(rest).filter((key) => key !== 'customObjects');
  if (unknown.length) throw new TypeError(`${OWNER}: unknown key ${show(unknown[0])}`);
  if (!Array.isArray(transforms)) throw new TypeError(expected(OWNER, 'transforms', 'a list', transforms));
  if (!NON_FINITE_POLICIES.includes(nonFinite as NonFinitePolicy)) throw new RangeError(expected(OWNER, 'nonFinite', `one of ${NON_FINITE_POLICIES.join(', ')}`, nonFinite));
  return {
    transforms: transforms.map((each) => readTransform(each, 'transforms')),
    rule: rule ? readTransform(rule, 'rule') : null,
    inner: inner ? readInner(inner as Record<string, unknown>) : null,
    nonFinite: nonFinite as NonFinitePolicy,
  };
}

function readTransform(json: unknown, name: string): GradientTransform {
  const value = decode(json, OWNER);
  if (!isTransform(value)) throw new TypeError(expected(OWNER, name, 'a saved transform', json));
  return value;
}

function readInner(json: Record<string, unknown>): tf.Optimizer {
  const { className, config } = json;
  const map = tf.serialization.SerializationMap.getMap().classNameMap;
  if (typeof className !== 'string' || !Object.hasOwn(map, className)) throw new RangeError(`${OWNER}: the wrapped optimizer's class ${show(className)} is not registered; import the package that defines it before loading`);
  const [cls, build] = map[className]!;
  return build(cls, decodeRecordRaw(config)) as unknown as tf.Optimizer;
}

/** A foreign optimizer's configuration is its own business; only a prototype in disguise is refused. */
function decodeRecordRaw(config: unknown): tf.serialization.ConfigDict {
  decodeRecord(config, OWNER);
  return config as tf.serialization.ConfigDict;
}

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
