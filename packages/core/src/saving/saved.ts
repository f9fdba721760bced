/** An optimizer's state as it stands in a file: plain numbers, bound to nothing yet. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import type { NamedTensor } from '../optimizer/stock';
import type { LayoutOf } from '../trace/layout';
import type { Slot } from '../trace/program';

/** One weight, read. */
export interface SavedTensor {
  readonly name: string;
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** What is saved of one variable. Its name or shape is unknown where an earlier version did not write it. */
export interface SavedVariable {
  readonly name: string | null;
  readonly shape: readonly number[] | null;
  /** Index of its cycle. */
  readonly cycle: number;
  readonly slots: ReadonlyMap<string, SavedTensor>;
}

export interface SavedState {
  readonly iterations: number;
  readonly calls: number;
  readonly appliedSteps: number;
  readonly cycles: readonly number[];
  readonly step: ReadonlyMap<string, SavedTensor>;
  readonly variables: readonly SavedVariable[];
  /** The wrapped optimizer's own. */
  readonly inner: readonly SavedTensor[];
  readonly innerIterations: number;
}

/** What a reader must know of the optimizer that the state is for. */
export interface Expectation {
  readonly owner: string;
  readonly slots: ReadonlyMap<string, Slot>;
  /** The wrapped optimizer. */
  readonly inner: tf.Optimizer | null;
  /** Calls that make one step. */
  readonly period: number;
  readonly layoutOf: LayoutOf | undefined;
}

const NUMERIC: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

/** The weights by name, with their values. */
export async function readTensors(owner: string, weights: readonly NamedTensor[]): Promise<Map<string, SavedTensor>> {
  const isList = Array.isArray(weights) && weights.every((each) => typeof each?.name === 'string' && each.tensor instanceof tf.Tensor);
  if (!isList) throw new TypeError(expected(owner, 'weights', 'a list of { name, tensor }', weights));
  const read = await Promise.all(weights.map(async ({ name, tensor }): Promise<SavedTensor> => {
    if (tensor.isDisposed) throw new TypeError(`${owner}: the weight ${show(name)} is disposed; of what getWeights() returns the last two are kept, until dispose()`);
    if (!NUMERIC.has(tensor.dtype)) throw new TypeError(expected(owner, `the weight ${show(name)}`, 'of numbers', tensor.dtype));
    // A real copy: data() hands out live memory on some backends.
    return { name, dtype: tensor.dtype, shape: [...tensor.shape], values: (await tensor.data() as Float32Array).slice() };
  }));
  // Tensors are made next: a backend that is being changed meanwhile must be there.
  await tf.ready();
  const byName = new Map(read.map((each) => [each.name, each]));
  const twice = byName.size !== read.length && read.find((each) => byName.get(each.name) !== each);
  if (twice) throw new RangeError(`${owner}: names must be unique, ${show(twice.name)} stands there twice`);
  return byName;
}

/** Whole numbers of at least 0, in a list. */
export function countsOf(owner: string, { name, shape, values }: SavedTensor): number[] {
  const counts = [...values];
  if (shape.length > 1 || !counts.every((each) => Number.isInteger(each) && each >= 0)) throw new RangeError(`${owner}: the weight ${show(name)} must hold whole numbers >= 0; the file is damaged`);
  return counts;
}
