/** suggestThreshold(): which threshold to take, from the norms that a model's gradients really have. */
import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, expected, fields } from '@clipkit/core';
import { checkBatch, walkOf, type Batches } from './batches';
import { clipGradients } from './clipGradients';

/** A compiled model of tfjs-layers, by what is used of it. */
export interface TrainableModel {
  optimizer: tf.Optimizer;
  readonly weights: readonly { read(): tf.Tensor; write(value: tf.Tensor): unknown }[];
  trainOnBatch(xs: never, ys: never): Promise<unknown>;
}

export interface Suggestion {
  /** The joint L2 norm of each batch's gradients, in the order of the batches. */
  norms: number[];
  /** The norms that 1, 5, 10, 25, 50, 75, 90, 95 and 99 percent of the finite norms do not exceed, interpolated. */
  percentiles: Record<number, number>;
  /** A threshold for byGlobalNorm: the 90th percentile, which clips the largest tenth of such steps. */
  suggested: number;
}

const PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99];
const SUGGESTED = 90;

/**
 * Measures the gradients of a compiled model on some batches, as training would, but takes no step: no weight moves,
 * neither the optimizer's state nor the moving averages of batch normalisation. Norms of an untrained model are often
 * larger than later ones, so ask again after some training.
 *
 * A dry run of the gradients alone: what clips in the model's optimizer does not act.
 * @param model a compiled tf.LayersModel
 * @param data batches of { xs, ys }: a list, a generator, or a tf.data.Dataset
 * @param options steps: batches to look at, default 50; fewer when the data ends
 * @throws TypeError, RangeError when the model is not compiled or is being measured already, a batch is none or has no
 *   examples, there is no batch, or no norm is finite. Whatever fails, the loss and the data included, the model is as
 *   it was before
 * @example
 * const { suggested } = await suggestThreshold(model, batches, { steps: 50 });
 * model.compile({ optimizer: clip(tf.train.adam(1e-3), { globalClipnorm: suggested }), loss: 'meanSquaredError' });
 */
export async function suggestThreshold(
  model: TrainableModel,
  data: Batches,
  options: { steps?: number } = {},
): Promise<Suggestion> {
  const owner = '[clip] suggestThreshold';
  const { steps } = checkOptions(owner, { steps: fields.count(50) }, options);
  if (typeof model?.trainOnBatch !== 'function')
    throw new TypeError(expected(owner, 'model', 'a tf.LayersModel', model));
  if (!model.optimizer)
    throw new TypeError(`${owner}: model must be compiled first, since its loss decides its gradients`);
  if (measuring.has(model.optimizer))
    throw new RangeError(`${owner}: the gradients of this model are being measured already; wait for that to end`);
  const walk = walkOf(owner, data);
  const weights = remember(model);
  const measured: tf.Scalar[] = [];
  const release = divert(model.optimizer, (norm) => measured.push(norm));
  try {
    for (let step = 0; step < steps; step++) {
      const { value, done } = await walk.next();
      if (done) break;
      try {
        checkBatch(owner, value, step);
        await model.trainOnBatch(value.xs as never, value.ys as never);
      } catch (error) {
        disposeTape();
        throw error;
      } finally {
        if (walk.owned) tf.dispose(value as never);
      }
    }
    const norms = await Promise.all(measured.map(async (norm) => (await norm.data())[0]!));
    return { norms, ...summary(owner, norms) };
  } finally {
    release();
    tf.dispose(measured);
    try {
      weights.restore();
    } finally {
      await walk.end();
    }
  }
}

/** Where a loss throws, tfjs leaves behind what it had kept for the backward pass. */
function disposeTape(): void {
  const { activeTape, gradientDepth } = tf.engine().state;
  if (gradientDepth === 0) tf.dispose((activeTape ?? []).map(({ saved }) => saved ?? []));
}

/** Optimizers that apply nothing for the time being. */
const measuring = new WeakSet<tf.Optimizer>();

/** Takes the norm of the gradients that the optimizer would apply, and applies nothing. */
function divert(optimizer: tf.Optimizer, take: (norm: tf.Scalar) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(optimizer, 'applyGradients');
  const applyGradients: tf.Optimizer['applyGradients'] = (gradients) => {
    // By name, so that a layer that two nested models share counts once.
    const named = Array.isArray(gradients)
      ? Object.fromEntries(gradients.map(({ name, tensor }) => [name, tensor]))
      : gradients;
    take(tf.tidy(() => tf.keep(clipGradients(named, []).norm)));
  };
  Object.defineProperty(optimizer, 'applyGradients', { value: applyGradients, configurable: true, writable: true });
  measuring.add(optimizer);
  return () => {
    measuring.delete(optimizer);
    delete (optimizer as { applyGradients?: unknown }).applyGradients;
    if (own) Object.defineProperty(optimizer, 'applyGradients', own);
  };
}

/** Batch normalisation moves its averages in a training pass; what moved is put back. */
function remember({ weights }: TrainableModel): { restore(): void } {
  const before: tf.Tensor[] = [];
  try {
    for (const weight of weights) before.push(tf.keep(tf.clone(weight.read())));
  } catch (error) {
    tf.dispose(before);
    throw error;
  }
  return {
    restore() {
      try {
        weights.forEach((weight, index) => {
          if (weight.read().dataId !== before[index]!.dataId) weight.write(before[index]!);
        });
      } finally {
        tf.dispose(before);
      }
    },
  };
}

function summary(owner: string, norms: readonly number[]): Pick<Suggestion, 'percentiles' | 'suggested'> {
  if (!norms.length) throw new RangeError(`${owner}: data must have at least one batch`);
  const sorted = norms.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length)
    throw new RangeError(
      `${owner}: the gradients of all ${norms.length} batches have a NaN or an infinity; ` +
        'lower the learning rate that the model was trained with, or look for bad examples',
    );
  const at = (percent: number): number => {
    const rank = (percent / 100) * (sorted.length - 1);
    const below = Math.floor(rank);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (rank - below) * (sorted[above]! - sorted[below]!);
  };
  return {
    percentiles: Object.fromEntries(PERCENTS.map((percent) => [percent, at(percent)])),
    suggested: at(SUGGESTED),
  };
}
