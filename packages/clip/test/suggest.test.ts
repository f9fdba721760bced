/** suggestThreshold(): the norms that training would have, without a step taken. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { adam } from '@clipkit/optimizers';
import { byGlobalNorm, clip, suggestThreshold, zClip, type Batch, type Batches } from '@clipkit/clip';
import { batch, buildModel, trainBatches, weightsOf } from './support/model';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => {
  tf.disposeVariables();
});

function* generate(count: number): Generator<Batch> {
  for (let step = 0; step < count; step++) yield batch(step);
}
const stateOf = async (optimizer: tf.Optimizer): Promise<number[][]> =>
  Promise.all((await optimizer.getWeights()).map(async ({ tensor }) => [...(await tensor.data())]));

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const [how, make] of Object.entries({
      'tf.train.adam': () => tf.train.adam(0.01),
      'clip(adam)': () => clip(tf.train.adam(0.01), zClip({ warmupSteps: 2 })),
      'a fused adam': () => adam({ clip: zClip({ warmupSteps: 2 }) }),
    })) {
      it(`with ${how}: true norms, and nothing moved`, () =>
        runOn(runtime, async () => {
          const model = buildModel();
          const optimizer: tf.Optimizer = make();
          model.compile({ optimizer, loss: 'meanSquaredError' });
          await trainBatches(model, 0, 3);
          const before = [weightsOf(model), await stateOf(optimizer)];
          const byHand: number[] = [];
          for (let step = 0; step < 8; step++) {
            const { xs, ys } = batch(step);
            const { grads, value } = tf.variableGrads(
              () => tf.mean(tf.square(tf.sub(model.predict(xs) as tf.Tensor, ys))) as tf.Scalar,
            );
            byHand.push(Math.hypot(...Object.values(grads).flatMap((each) => [...each.dataSync()])));
            tf.dispose([xs, ys, grads, value]);
          }
          const { numTensors } = tf.memory();
          const { norms, percentiles, suggested } = await suggestThreshold(model, generate(20), { steps: 8 });
          expect(tf.memory().numTensors).toBe(numTensors);
          expect([weightsOf(model), await stateOf(optimizer)]).toEqual(before);
          norms.forEach((norm, index) => {
            expect(norm / byHand[index]!).toBeCloseTo(1, 4);
          });
          expect(norms).toHaveLength(8);
          const sorted = [...norms].sort((a, b) => a - b);
          expect(percentiles[50]).toBeCloseTo((sorted[3]! + sorted[4]!) / 2, 5);
          expect(suggested).toBe(percentiles[90]);
          expect(suggested).toBeCloseTo(sorted[6]! + 0.3 * (sorted[7]! - sorted[6]!), 5);
          // Training goes on as if nothing had been asked.
          expect(() => byGlobalNorm(suggested)).not.toThrow();
          await trainBatches(model, 3, 4);
          expect(weightsOf(model)).not.toEqual(before[0]);
        }));
    }

    it('leaves the moving averages of batch normalisation where they are', () =>
      runOn(runtime, async () => {
        const model = layers.sequential({
          layers: [
            layers.layers.dense({ inputShape: [5], units: 4 }),
            layers.layers.batchNormalization(),
            layers.layers.dense({ units: 2 }),
          ],
        });
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
        const before = weightsOf(model);
        await suggestThreshold(model, generate(4));
        expect(weightsOf(model)).toEqual(before);
        await trainBatches(model, 0, 1);
        expect(weightsOf(model)).not.toEqual(before);
      }));
  });
}

describe('data', () => {
  const compiled = (): layers.Sequential => {
    const model = buildModel();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return model;
  };
  const dataset = (count: number): never =>
    ({
      iterator: async () => {
        const batches = generate(count);
        return { next: async () => batches.next() };
      },
    }) as never;
  async function* later(count: number): AsyncGenerator<Batch> {
    yield* generate(count);
  }

  it('may be a list, a generator, an asynchronous one or a dataset', () =>
    runOn('cpu', async () => {
      const list = [...generate(3)];
      const wanted = (await suggestThreshold(compiled(), list)).norms;
      expect(wanted).toHaveLength(3);
      expect(list.every(({ xs }) => !(xs as tf.Tensor).isDisposed)).toBe(true);
      for (const data of [generate(3), later(3), dataset(3)])
        expect((await suggestThreshold(compiled(), data)).norms).toEqual(wanted);
    }));

  it('must be there', () =>
    runOn('cpu', async () => {
      await expect(suggestThreshold(compiled(), [])).rejects.toThrow(/at least one batch/);
      await expect(suggestThreshold(compiled(), 3 as never)).rejects.toThrow(TypeError);
      await expect(suggestThreshold(buildModel(), generate(1))).rejects.toThrow(/compiled first/);
      await expect(suggestThreshold(compiled(), generate(1), { step: 1 } as never)).rejects.toThrow(
        /unknown option "step"/,
      );
    }));

  it('of nothing but NaN is an error, a single NaN is left out of the percentiles', () =>
    runOn('cpu', async () => {
      const bad = { xs: tf.fill([8, 5], NaN), ys: tf.zeros([8, 2]) };
      await expect(suggestThreshold(compiled(), [bad])).rejects.toThrow(/NaN or an infinity/);
      const { norms, suggested } = await suggestThreshold(compiled(), [bad, ...generate(3)]);
      expect(norms[0]).toBeNaN();
      expect(suggested).toBeGreaterThan(0);
    }));

  it('that ends early is no error, an entry that is no batch is', () =>
    runOn('cpu', async () => {
      const model = compiled();
      const before = weightsOf(model);
      const list = (...entries: unknown[]): never => entries as never;
      const { numTensors } = tf.memory();
      const xs = tf.zeros([2, 5]);
      const ys = tf.zeros([2, 2]);
      const none = tf.zeros([0, 5]);
      await expect(suggestThreshold(model, list({ xs, ys }, null))).rejects.toThrow(
        '[clip] suggestThreshold: batch 1 of data must be an object { xs, ys }, got null',
      );
      await expect(suggestThreshold(model, list({ xs, ys }, [xs, ys]))).rejects.toThrow(
        'batch 1 of data must be an object { xs, ys }',
      );
      await expect(suggestThreshold(model, list({ xs }))).rejects.toThrow(
        'batch 0 of data must be an object { xs, ys }, got an object with keys {xs}',
      );
      await expect(suggestThreshold(model, list({ xs: [[1, 2]], ys }))).rejects.toThrow(
        'xs of batch 0 of data must be a tensor, or several in a list or a map',
      );
      await expect(suggestThreshold(model, list({ xs, ys }, { xs: none, ys }))).rejects.toThrow(
        'xs of batch 1 of data must have examples, got shape [0,5]',
      );
      tf.dispose([xs, ys, none]);
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(weightsOf(model)).toEqual(before);
    }));
});

/** Whatever fails in the middle, at the third batch. */
const FAILURES: Record<
  string,
  (steps: { count: number }) => { loss?: (truth: tf.Tensor, guess: tf.Tensor) => tf.Tensor; batches(): Batches }
> = {
  'a loss that throws': (steps) => ({
    loss: (truth, guess) => {
      if (++steps.count === 3) throw new Error('at the third');
      return tf.mean(tf.square(tf.sub(truth, guess)));
    },
    batches: () => generate(5),
  }),
  'a generator that throws': () => ({
    *batches() {
      yield* generate(2);
      throw new Error('at the third');
    },
  }),
  'an asynchronous one': () => ({
    async *batches() {
      yield* generate(2);
      throw new Error('at the third');
    },
  }),
  'a dataset that throws': () => ({
    batches: () => ({
      iterator: async () => {
        const batches = generate(2);
        return {
          next: async () => {
            const { value, done } = batches.next();
            if (done) throw new Error('at the third');
            return { value: value as Batch, done: false };
          },
        };
      },
    }),
  }),
  'a dataset that does not open': () => ({
    batches: () => ({ iterator: () => Promise.reject(new Error('at the third')) }),
  }),
  'an empty batch': () => ({
    *batches() {
      yield* generate(2);
      yield { xs: tf.zeros([0, 5]), ys: tf.zeros([0, 2]) };
    },
  }),
  'a batch of another shape': () => ({
    *batches() {
      yield* generate(2);
      yield { xs: tf.zeros([3, 4]), ys: tf.zeros([3, 2]) };
    },
  }),
  'a generator whose end throws': () => ({
    *batches() {
      try {
        yield* generate(5);
      } finally {
        throw new Error('at the third');
      }
    },
  }),
};

for (const runtime of RUNTIMES) {
  describe(`failures, on ${runtime}`, () => {
    const optimizers: Record<string, () => tf.Optimizer> = {
      'tf.train.momentum': () => tf.train.momentum(0.01, 0.9),
      'clip(adam)': () => clip(tf.train.adam(0.01), zClip()),
      'a fused adam': () => adam({ clip: zClip() }),
    };
    for (const [how, make] of Object.entries(optimizers)) {
      it.each(Object.entries(FAILURES))(`%s leaves everything as it was, with ${how}`, (_name, fail) =>
        runOn(runtime, async () => {
          const steps = { count: -Infinity };
          const { loss = 'meanSquaredError', batches } = fail(steps);
          const optimizer = make();
          const model = layers.sequential({
            layers: [
              layers.layers.dense({ inputShape: [5], units: 4 }),
              layers.layers.batchNormalization(),
              layers.layers.dense({ units: 2 }),
            ],
          });
          model.compile({ optimizer, loss });
          await trainBatches(model, 0, 2);
          const before = [weightsOf(model), await stateOf(optimizer)];
          const { numTensors, numBytes } = tf.memory();
          const own = Object.getOwnPropertyNames(optimizer);
          steps.count = 0;
          await expect(suggestThreshold(model, batches(), { steps: 4 })).rejects.toThrow(
            /at the third|must have examples|expected a batch of elements/,
          );
          expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([numTensors, numBytes]);
          expect([weightsOf(model), await stateOf(optimizer)]).toEqual(before);
          expect(Object.getOwnPropertyNames(optimizer)).toEqual(own);
          await trainBatches(model, 2, 3);
          expect(weightsOf(model)).not.toEqual(before[0]);
        }),
      );
    }
  });
}

describe('the optimizer', () => {
  it('keeps an applyGradients that somebody put over its own', () =>
    runOn('cpu', async () => {
      const model = buildModel();
      const optimizer = tf.train.sgd(0.01);
      const spy = vi.spyOn(optimizer, 'applyGradients');
      model.compile({ optimizer, loss: 'meanSquaredError' });
      await suggestThreshold(model, generate(2));
      expect(spy).not.toHaveBeenCalled();
      await trainBatches(model, 0, 1);
      expect(spy).toHaveBeenCalledOnce();
    }));

  it('is not measured twice at once: the first to end would let the other one train', () =>
    runOn('cpu', async () => {
      const model = buildModel();
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const before = weightsOf(model);
      const first = suggestThreshold(model, generate(3));
      await expect(suggestThreshold(model, generate(5))).rejects.toThrow(
        'are being measured already; wait for that to end',
      );
      expect((await first).norms).toHaveLength(3);
      expect((await suggestThreshold(model, generate(5))).norms).toHaveLength(5);
      expect(weightsOf(model)).toEqual(before);
    }));

  it('of a model that is disposed takes nothing with it', () =>
    runOn('cpu', async () => {
      const model = buildModel();
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      model.layers[1]!.dispose();
      const { numTensors } = tf.memory();
      await expect(suggestThreshold(model, generate(1))).rejects.toThrow(/disposed/);
      expect(tf.memory().numTensors).toBe(numTensors);
    }));
});
