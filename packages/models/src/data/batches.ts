/** Examples and their labels as tensors, and a seeded walk over them in shuffled batches. */
import { gather, tensor1d, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../errors';
import { mix, permutation, uniform } from '../random';

/** Inputs and targets, the examples along the first axis. The holder disposes of both. */
export interface Examples<X extends Tensor = Tensor, Y extends Tensor = Tensor> {
  xs: X;
  ys: Y;
}

export interface BatchOptions {
  /** Examples a batch; default 32. */
  batch?: number;
  /** The same seed gives the same order; without one it is random. */
  seed?: number;
  /** How often to go through all examples; default 1, and Infinity for as long as the caller asks. */
  epochs?: number;
  /** Whether an epoch ends with a smaller batch when the examples do not divide evenly; default true. */
  keepRest?: boolean;
}

/**
 * Walks over the examples in shuffled batches; each epoch has an order of its own that follows from seed and epoch alone.
 * Only the examples of one batch are copied at a time. The caller disposes of each batch.
 */
export function batches<X extends Tensor, Y extends Tensor>(
  examples: Examples<X, Y>,
  options: BatchOptions = {},
): Generator<Examples<X, Y>, void, undefined> {
  checkOptions('batches', options, ['batch', 'seed', 'epochs', 'keepRest']);
  const { batch = 32, seed, epochs = 1, keepRest = true } = options;
  const count = examples.xs.shape[0] ?? 0;
  checkInteger('batches', 'batch', batch, 1);
  if (epochs !== Infinity) checkInteger('batches', 'epochs', epochs);
  if (seed !== undefined) checkInteger('batches', 'seed', seed, Number.MIN_SAFE_INTEGER);
  if (count !== examples.ys.shape[0]) {
    throw new RangeError(`[models] batches: expected as many targets as inputs (${count}), got ${examples.ys.shape[0]}`);
  }
  return walk(examples, { batch, seed, epochs, end: keepRest ? count : count - (count % batch) });
}

/** The walk itself, apart from the checks: a generator would run them only when the first batch is asked for. */
function* walk<X extends Tensor, Y extends Tensor>(
  examples: Examples<X, Y>,
  { batch, seed, epochs, end }: { batch: number; seed: number | undefined; epochs: number; end: number },
): Generator<Examples<X, Y>, void, undefined> {
  if (end === 0) return;
  const count = examples.ys.shape[0] ?? 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(count, uniform(seed === undefined ? undefined : mix(seed, epoch)));
    for (let start = 0; start < end; start += batch) yield pick(examples, order.subarray(start, Math.min(start + batch, end)));
  }
}

/** Copies the examples at these places. */
function pick<X extends Tensor, Y extends Tensor>({ xs, ys }: Examples<X, Y>, places: Int32Array): Examples<X, Y> {
  return tidy(() => {
    // A copy of its own: the subarray would keep the whole order alive behind the tensor.
    const indices = tensor1d(places.slice(), 'int32');
    return { xs: gather(xs, indices), ys: gather(ys, indices) };
  });
}
