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
 * Adds gradNorm, clippedNorm and clipRate to the logs of batches and epochs, and so to History; and tells schedules such as
 * onPlateau the metrics of each epoch.
 *
 * Of an epoch these are means over the observed batches, clipRate the share of clipped ones. Put it last where tfjs's own
 * callbacks stand in the list too: tfjs takes the whole list for its own by the first.
 * @param optimizer what clip() or an optimizer of @clipkit/optimizers returned
 * @param options every: observe each n-th batch, default 1; on GPU backends that is one read-back
 * @throws TypeError, RangeError
 * @example
 * await model.fit(xs, ys, { callbacks: [clipMonitor(optimizer)] });
 */
export function clipMonitor(optimizer: tf.Optimizer, options: { every?: number } = {}): ClipMonitor {
  const owner = '[clip] clipMonitor';
  if (optimizer?.getClassName?.() !== ClipkitOptimizer.className) throw new TypeError(expected(owner, 'optimizer', 'what clip() or @clipkit/optimizers returned', optimizer));
  const { every } = checkOptions(owner, { every: fields.count(1) }, options);
  const watched = optimizer as ClipkitOptimizer;
  const nothing = async (): Promise<void> => {};
  let epoch = { norm: 0, clippedNorm: 0, clipped: 0, batches: 0 };
  return {
    setParams() {},
    setModel() {},
    async onTrainBegin() { watched.observe(); },
    onTrainEnd: nothing,
    async onEpochBegin() { epoch = { norm: 0, clippedNorm: 0, clipped: 0, batches: 0 }; },
    onBatchBegin: nothing,
    async onBatchEnd(batch, logs = {}) {
      if (batch % every !== 0) return;
      const { norm, clippedNorm, clipped, clipRate } = await watched.report();
      epoch = { norm: epoch.norm + norm, clippedNorm: epoch.clippedNorm + clippedNorm, clipped: epoch.clipped + Number(clipped), batches: epoch.batches + 1 };
      Object.assign(logs, { gradNorm: norm, clippedNorm, clipRate });
    },
    async onEpochEnd(_epoch, logs = {}) {
      const { norm, clippedNorm, clipped, batches } = epoch;
      if (batches) Object.assign(logs, { gradNorm: norm / batches, clippedNorm: clippedNorm / batches, clipRate: clipped / batches });
      const numbers = await Promise.all(Object.entries(logs).map(async ([name, value]) => [name, typeof value === 'number' ? value : (await value.data())[0]!] as const));
      for (const schedule of watched.schedules()) schedule.observe?.(Object.fromEntries(numbers));
    },
  };
}
