/** report() and clipMonitor: the norms of model.fit's own steps, in logs and History, with nothing read back where nobody asks. */
import * as tf from '@tensorflow/tfjs-core';
import * as data from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sgd } from '@clipkit/optimizers';
import { byGlobalNorm, byValue, clip, clipMonitor, type ClippedOptimizer, type ClipReport } from '@clipkit/clip';
import { batch, buildModel } from './support/model';
import { applyNumbers, makeVariables } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => { tf.disposeVariables(); });

type Logs = Record<string, number>;
/** A tf.data dataset without tf.data: fitDataset asks for no more than an iterator. */
const dataset = (batches: number): unknown => ({
  size: batches,
  iterator: async () => {
    let at = 0;
    return { next: async () => (at < batches ? { value: batch(at++), done: false } : { value: null, done: true }) };
  },
});

const OPTIMIZERS: Record<string, (limit: number) => ClippedOptimizer> = {
  'around tf.train.sgd': (limit) => clip(tf.train.sgd(1e-3), { globalClipnorm: limit }),
  fused: (limit) => sgd({ learningRate: 1e-3, globalClipnorm: limit }) as unknown as ClippedOptimizer,
  'around tf.train.sgd, by value': (limit) => clip(tf.train.sgd(1e-3), byValue(limit / 10)),
};

/** The norm that the first batch has, from tf ops alone. */
async function normByHand(model: data.LayersModel, { xs, ys }: { xs: tf.Tensor2D; ys: tf.Tensor2D }): Promise<number> {
  const { grads } = tf.variableGrads(() => tf.mean(tf.square(tf.sub(model.predict(xs) as tf.Tensor, ys))) as tf.Scalar);
  return Math.hypot(...Object.values(grads).flatMap((each) => [...each.dataSync()]));
}

for (const runtime of RUNTIMES) {
  for (const [how, make] of Object.entries(OPTIMIZERS)) {
    describe(`${how}, on ${runtime}`, () => {
      it('model.fit has the norms in its logs and its History', () => runOn(runtime, async () => {
        const model = buildModel(), optimizer = make(1), batches: Logs[] = [], epochs: Logs[] = [], { xs, ys } = batch(0, 24);
        model.compile({ optimizer, loss: 'meanSquaredError' });
        const first = await normByHand(model, { xs: tf.slice(xs, 0, 8), ys: tf.slice(ys, 0, 8) });
        // A plain object first would make tfjs take the list for its own callbacks, see the docstring of clipMonitor.
        const watcher = { onBatchEnd: async (_: number, logs?: Logs) => { batches.push({ ...logs }); }, onEpochEnd: async (_: number, logs?: Logs) => { epochs.push({ ...logs }); } };
        const history = await model.fit(xs, ys, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0, callbacks: [clipMonitor(optimizer), { setParams() {}, setModel() {}, ...idle(), ...watcher }] as never });
        expect(batches).toHaveLength(6);
        expect(batches[0]!['gradNorm']! / first).toBeCloseTo(1, 4);
        for (const { gradNorm, clippedNorm, clipRate } of batches) {
          expect(gradNorm).toBeGreaterThan(0);
          expect(clippedNorm).toBeLessThanOrEqual(gradNorm! * (1 + 1e-6));
          expect(clipRate).toBeGreaterThanOrEqual(0);
          expect(clipRate).toBeLessThanOrEqual(1);
        }
        for (const name of ['gradNorm', 'clippedNorm']) {
          const means = [0, 3].map((from) => batches.slice(from, from + 3).reduce((total, logs) => total + logs[name]!, 0) / 3);
          (history.history[name] as number[]).forEach((value, epoch) => { expect(value / means[epoch]!).toBeCloseTo(1, 6); });
          expect(epochs.map((logs) => logs[name])).toEqual(history.history[name]);
        }
        expect(history.history['clipRate']).toHaveLength(2);
        expect(history.history['loss']).toHaveLength(2);
      }));

      it('fitDataset has them too, every second batch where that is asked for', () => runOn(runtime, async () => {
        const model = buildModel(), optimizer = make(1), batches: Logs[] = [];
        model.compile({ optimizer, loss: 'meanSquaredError' });
        const watcher = { onBatchEnd: async (_: number, logs?: Logs) => { batches.push({ ...logs }); } };
        const history = await model.fitDataset(dataset(4) as never, { epochs: 1, batchesPerEpoch: 4, verbose: 0, callbacks: [clipMonitor(optimizer, { every: 2 }), { setParams() {}, setModel() {}, ...idle(), ...watcher }] as never });
        expect(batches.map((logs) => 'gradNorm' in logs)).toEqual([true, false, true, false]);
        expect(history.history['gradNorm']).toEqual([(batches[0]!['gradNorm']! + batches[2]!['gradNorm']!) / 2]);
      }));
    });
  }

  describe(`report, on ${runtime}`, () => {
    const grads = [[3, 4], [0, 0]];
    const after = async (optimizer: ClippedOptimizer, steps: readonly (readonly (readonly number[] | null)[])[]): Promise<ClipReport> => {
      const variables = makeVariables([{ name: 'a', shape: [2] }, { name: 'b', shape: [2] }], [[0, 0], [0, 0]]);
      for (const each of steps) applyNumbers(optimizer, variables, each);
      const report = await optimizer.report();
      variables.forEach((variable) => { variable.dispose(); });
      optimizer.dispose();
      return report;
    };
    const observed = (limit: number): ClippedOptimizer => {
      const optimizer = clip(tf.train.sgd(1), byGlobalNorm(limit));
      optimizer.observe();
      return optimizer;
    };

    it('says what was clipped', () => runOn(runtime, async () => {
      const report = await after(observed(1), [[[0.3, 0.4], [0, 0]], grads]);
      expect({ ...report, variables: [], norm: 0, clippedNorm: 0, scale: 0 }).toEqual({ step: 2, norm: 0, clippedNorm: 0, scale: 0, clipped: true, clipRate: 0.5, nonFinite: { steps: 0, variables: [] }, variables: [] });
      expect([report.norm, report.clippedNorm, report.scale].map((each) => Math.round(each * 1e5) / 1e5)).toEqual([5, 1, 0.2]);
      expect(report.variables.map(({ name, norm, clippedNorm }) => [name, Math.round(norm * 1e5) / 1e5, Math.round(clippedNorm * 1e5) / 1e5])).toEqual([['a', 5, 1], ['b', 0, 0]]);
    }));

    it('has a scale of 1 where the norm is 0', () => runOn(runtime, async () => {
      const { norm, scale, clipped } = await after(observed(1), [[[0, 0], [0, 0]]]);
      expect([norm, scale, clipped]).toEqual([0, 1, false]);
    }));

    it('names the variables of the last step that was not finite', () => runOn(runtime, async () => {
      const { nonFinite } = await after(observed(1), [[[NaN, 0], [0, 0]], [[0, 1], [0, Infinity]], grads]);
      expect(nonFinite).toEqual({ steps: 2, variables: ['b'] });
    }));

    it('looks back on the last hundred steps', () => runOn(runtime, async () => {
      const small = [[0.1, 0], [0, 0]];
      const { clipRate } = await after(observed(1), [...Array.from({ length: 70 }, () => grads), ...Array.from({ length: 70 }, () => small)]);
      expect(clipRate).toBeCloseTo(0.3, 6);
    }));

    it('has no norms before a step that was observed', () => runOn(runtime, async () => {
      expect((await clip(tf.train.sgd(1), byValue(1)).report()).norm).toBeNaN();
    }));
  });
}

const nothing = async (): Promise<void> => {};
const idle = (): Record<string, () => Promise<void>> => ({ onTrainBegin: nothing, onTrainEnd: nothing, onEpochBegin: nothing, onEpochEnd: nothing, onBatchBegin: nothing, onBatchEnd: nothing });

describe('clipMonitor', () => {
  it('refuses an optimizer that is not ours', () => { expect(() => clipMonitor(tf.train.sgd(1))).toThrow(/clipMonitor: optimizer must be what clip\(\) or @clipkit\/optimizers returned/); });
  it('observes no batch of an epoch that has none, and nothing of the last one is left', async () => {
    const optimizer = clip(tf.train.sgd(1e-3), { clipnorm: 1 }), monitor = clipMonitor(optimizer, { every: 2 });
    const variables = makeVariables([{ name: 'a', shape: [2] }], [[0, 0]]);
    await monitor.onTrainBegin();
    const epoch = async (batches: readonly number[]): Promise<Logs> => {
      const logs: Logs = { loss: 1 };
      await monitor.onEpochBegin();
      for (const [batchIndex, norm] of batches.entries()) {
        applyNumbers(optimizer, variables, [[norm, 0]]);
        await monitor.onBatchEnd(batchIndex, {});
      }
      await monitor.onEpochEnd(0, logs);
      return logs;
    };
    expect(await epoch([4, 9, 0.5])).toEqual({ loss: 1, gradNorm: 2.25, clippedNorm: 0.75, clipRate: 0.5 });
    expect(await epoch([])).toEqual({ loss: 1 });
    expect(await epoch([3])).toEqual({ loss: 1, gradNorm: 3, clippedNorm: 1, clipRate: 1 });
  });

  it('lets the error of a report through, and takes in nothing of that batch', async () => {
    const optimizer = clip(tf.train.sgd(1e-3), { clipnorm: 1 }), model = buildModel(), { xs, ys } = batch(0, 8);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const monitor = clipMonitor(optimizer), report = vi.spyOn(optimizer, 'report');
    const fit = (epochs: number): Promise<data.History> => model.fit(xs, ys, { epochs, verbose: 0, callbacks: [monitor] as never });
    report.mockRejectedValueOnce(new Error('the device is lost'));
    await expect(fit(1)).rejects.toThrow('the device is lost');
    report.mockRejectedValueOnce(new Error('the device is lost'));
    const logs: Logs = {};
    await monitor.onEpochBegin();
    await expect(monitor.onBatchEnd(0, logs)).rejects.toThrow('the device is lost');
    await monitor.onEpochEnd(0, logs);
    expect(logs).toEqual({});
    const { history } = await fit(2);
    const { norm } = await optimizer.report();
    expect(history['gradNorm']).toHaveLength(2);
    expect(history['gradNorm']![1]).toBe(norm);
  });

  it('a report that comes late belongs to the epoch of its batch', async () => {
    const optimizer = clip(tf.train.sgd(1e-3), { clipnorm: 1 }), monitor = clipMonitor(optimizer);
    const variables = makeVariables([{ name: 'a', shape: [2] }], [[0, 0]]);
    await monitor.onTrainBegin();
    applyNumbers(optimizer, variables, [[4, 0]]);
    const late = monitor.onBatchEnd(0, {});
    await monitor.onEpochBegin();
    await late;
    const logs: Logs = {};
    await monitor.onEpochEnd(0, logs);
    expect(logs).toEqual({});
  });

  it('refuses an interval that is none', () => { expect(() => clipMonitor(clip(tf.train.sgd(1), { clipnorm: 1 }), { every: 0 })).toThrow(RangeError); });
});
