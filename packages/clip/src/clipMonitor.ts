/** clipMonitor(): what clipping does, in the logs and the History of model.fit. */
import type * as tf from '@tensorflow/tfjs-core';
import { ClipkitOptimizer, checkOptions, expected, fields } from '@clipkit/core';

type Logs = Record<string, number | tf.Scalar>;

/** A callback for model.fit and model.fitDataset. */
export interface ClipMonitor {
  setParams(): void;
  setModel(): void;
  onTrainBegin(): Promise<void>;
  onTrainEnd(): Promise<void>;
  onEpochBegin(): Promise<void>;
  onEpochEnd(epoch: number, logs?: Logs): Promise<void>;
  onBatchBegin(): Promise<void>;
  onBatchEnd(batch: number, logs?: Logs): Promise<void>;
}

/**
 * Adds gradNorm, clippedNorm and clipRate to the logs of batches and epochs, and so to History; and tells schedules
 * such as onPlateau the metrics of each epoch.
 *
 * Of an epoch these are means over the observed batches, clipRate the share of clipped ones; where none was observed,
 * the epoch's logs have none of the three. Where a report fails, training fails with its error, and no mean has half of
 * it. Put it last where tfjs's own callbacks stand in the list too: tfjs takes the whole list for its own by the first.
 * @param optimizer what clip() or an optimizer of @clipkit/optimizers returned
 * @param options every: observe each n-th batch of an epoch, from its first on, default 1; on GPU backends that is one
 *   read-back
 * @throws TypeError, RangeError
 * @example
 * await model.fit(xs, ys, { callbacks: [clipMonitor(optimizer)] });
 */
export function clipMonitor(optimizer: tf.Optimizer, options: { every?: number } = {}): ClipMonitor {
  const owner = '[clip] clipMonitor';
  if (optimizer?.getClassName?.() !== ClipkitOptimizer.className)
    throw new TypeError(expected(owner, 'optimizer', 'what clip() or @clipkit/optimizers returned', optimizer));
  const { every } = checkOptions(owner, { every: fields.count(1) }, options);
  const watched = optimizer as ClipkitOptimizer;
  const nothing = async (): Promise<void> => {};
  let epoch = emptyEpoch();
  return {
    setParams() {},
    setModel() {},
    async onTrainBegin() {
      watched.observe();
    },
    onTrainEnd: nothing,
    async onEpochBegin() {
      epoch = emptyEpoch();
    },
    onBatchBegin: nothing,
    async onBatchEnd(batch, logs = {}) {
      if (batch % every !== 0) return;
      const current = epoch;
      const { norm, clippedNorm, clipped, clipRate } = await watched.report();
      current.norm += norm;
      current.clippedNorm += clippedNorm;
      current.clipped += Number(clipped);
      current.batches++;
      Object.assign(logs, { gradNorm: norm, clippedNorm, clipRate });
    },
    async onEpochEnd(_epoch, logs = {}) {
      const { norm, clippedNorm, clipped, batches } = epoch;
      if (batches)
        Object.assign(logs, {
          gradNorm: norm / batches,
          clippedNorm: clippedNorm / batches,
          clipRate: clipped / batches,
        });
      const schedules = watched.schedules();
      if (!schedules.length) return;
      const numbers = await Promise.all(
        Object.entries(logs).map(
          async ([name, value]) => [name, typeof value === 'number' ? value : (await value.data())[0]!] as const,
        ),
      );
      for (const schedule of schedules) schedule.observe?.(Object.fromEntries(numbers));
    },
  };
}

/** Sums over the observed batches of an epoch. */
const emptyEpoch = (): { norm: number; clippedNorm: number; clipped: number; batches: number } => ({
  norm: 0,
  clippedNorm: 0,
  clipped: 0,
  batches: 0,
});
