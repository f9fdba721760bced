/** Batches of examples, wherever they come from: walked one by one, and refused in words where they are none. */
import * as tf from '@tensorflow/tfjs-core';
import { expected } from '@clipkit/core';

type Tensors = tf.Tensor | tf.Tensor[] | Record<string, tf.Tensor>;

/** One batch of examples. */
export interface Batch {
  xs: Tensors;
  ys: Tensors;
}

/**
 * A list of batches, which stays the caller's; or something that makes batches, such as a generator or a
 * tf.data.Dataset, whose batches are disposed.
 */
export type Batches =
  | readonly Batch[]
  | Iterable<Batch>
  | AsyncIterable<Batch>
  | { iterator(): Promise<{ next(): Promise<{ value: Batch | null; done: boolean }> }> };

export interface Walk {
  /** Whether the batches are this walk's to dispose. */
  readonly owned: boolean;
  next(): Promise<{ value?: unknown; done?: boolean | undefined }>;
  end(): Promise<void>;
}

export function walkOf(owner: string, data: Batches): Walk {
  const from = (iterator: Iterator<Batch> | AsyncIterator<Batch>): Walk => ({
    owned: !Array.isArray(data),
    next: async () => iterator.next() as Promise<IteratorResult<Batch, null>>,
    end: async () => {
      await iterator.return?.();
    },
  });
  if (typeof data !== 'object' || data === null)
    throw new TypeError(expected(owner, 'data', 'batches of { xs, ys }', data));
  if (Symbol.asyncIterator in data) return from(data[Symbol.asyncIterator]());
  if (Symbol.iterator in data) return from(data[Symbol.iterator]());
  if (!('iterator' in data))
    throw new TypeError(expected(owner, 'data', 'a list, a generator or a dataset of { xs, ys }', data));
  let opened: ReturnType<typeof data.iterator> | undefined;
  return { owned: true, next: async () => (await (opened ??= data.iterator())).next(), end: async () => {} };
}

export function checkBatch(owner: string, value: unknown, step: number): asserts value is Batch {
  const batch = `batch ${step} of data`;
  if (typeof value !== 'object' || value === null || !('xs' in value) || !('ys' in value))
    throw new TypeError(expected(owner, batch, 'an object { xs, ys }', value));
  for (const each of ['xs', 'ys'] as const) {
    const given = (value as Batch)[each];
    const tensors =
      given instanceof tf.Tensor ? [given] : typeof given === 'object' && given !== null ? Object.values(given) : [];
    if (!tensors.length || !tensors.every((tensor) => tensor instanceof tf.Tensor))
      throw new TypeError(expected(owner, `${each} of ${batch}`, 'a tensor, or several in a list or a map', given));
    const empty = tensors.find(({ shape }) => shape[0] === 0);
    if (empty)
      throw new RangeError(
        `${owner}: ${each} of ${batch} must have examples, got shape [${empty.shape.join()}]; leave empty batches out`,
      );
  }
}
