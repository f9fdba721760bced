/** suggestThreshold(): the norms that training would have, without a step taken. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { adam } from '@clipkit/optimizers';
import { byGlobalNorm, clip, suggestThreshold, zClip, type Batch } from '@clipkit/clip';
import { batch, buildModel, trainBatches, weightsOf } from './support/model';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => { tf.disposeVariables(); });

function* generate(count: number): Generator<Batch> {
  for (let step = 0; step < count; step++) yield batch(step);
}
const stateOf = async (optimizer: tf.Optimizer): Promise<number[][]> => Promise.all((await optimizer.getWeights()).map(async ({ tensor }) => [...await tensor.data()]));

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const [how, make] of Object.entries({ 'tf.train.adam': () => tf.train.adam(0.01), 'clip(adam)': () => clip(tf.train.adam(0.01), zClip({ warmupSteps: 2 })), 'a fused adam': () => adam({ clip: zClip({ warmupSteps: 2 }) }) })) {
      it(`with ${how}: true norms, and nothing moved`, () => runOn(runtime, async () => {
        const model = buildModel(), optimizer: tf.Optimizer = make();
        model.compile({ optimizer, loss: 'meanSquaredError' });
        await trainBatches(model, 0, 3);
        const before = [weightsOf(model), await stateOf(optimizer)], byHand: number[] = [];
        for (let step = 0; step < 8; step++) {
          const { xs, ys } = batch(step), { grads, value } = tf.variableGrads(() => tf.mean(tf.square(tf.sub(model.predict(xs) as tf.Tensor, ys))) as tf.Scalar);
          byHand.push(Math.hypot(...Object.values(grads).flatMap((each) => [...each.dataSync()])));
          tf.dispose([xs, ys, grads, value]);
        }
        const { numTensors } = tf.memory();
        const { norms, percentiles, suggested } = await suggestThreshold(model, generate(20), { steps: 8 });
        expect(tf.memory().numTensors).toBe(numTensors);
        expect([weightsOf(model), await stateOf(optimizer)]).toEqual(before);
        norms.forEach((norm, index) => { expect(norm / byHand[index]!).toBeCloseTo(1, 4); });
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

    it('leaves the moving averages of batch normalisation where they are', () => runOn(runtime, async () => {
      const model = layers.sequential({ layers: [layers.layers.dense({ inputShape: [5], units: 4 }), layers.layers.batchNormalization(), layers.layers.dense({ units: 2 })] });
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
  const dataset = (count: number): never => ({ iterator: async () => {
    const batches = generate(count);
    return { next: async () => batches.next() };
  } }) as never;
  async function* later(count: number): AsyncGenerator<Batch> { yield* generate(count); }

  it('may be a list, a generator, an asynchronous one or a dataset', () => runOn('cpu', async () => {
    const list = [...generate(3)], wanted = (await suggestThreshold(compiled(), list)).norms;
    expect(wanted).toHaveLength(3);
    expect(list.every(({ xs }) => !(xs as tf.Tensor).isDisposed)).toBe(true);
    for (const data of [generate(3), later(3), dataset(3)]) expect((await suggestThreshold(compiled(), data)).norms).toEqual(wanted);
  }));

  it('must be there', () => runOn('cpu', async () => {
    await expect(suggestThreshold(compiled(), [])).rejects.toThrow(/at least one batch/);
    await expect(suggestThreshold(compiled(), 3 as never)).rejects.toThrow(TypeError);
    await expect(suggestThreshold(buildModel(), generate(1))).rejects.toThrow(/compiled first/);
    await expect(suggestThreshold(compiled(), generate(1), { step: 1 } as never)).rejects.toThrow(/unknown option "step"/);
  }));

  it('of nothing but NaN is an error, a single NaN is left out of the percentiles', () => runOn('cpu', async () => {
    const bad = { xs: tf.fill([8, 5], NaN), ys: tf.zeros([8, 2]) };
    await expect(suggestThreshold(compiled(), [bad])).rejects.toThrow(/NaN or an infinity/);
    const { norms, suggested } = await suggestThreshold(compiled(), [bad, ...generate(3)]);
    expect(norms[0]).toBeNaN();
    expect(suggested).toBeGreaterThan(0);
  }));

  it('that fails leaves the model as it was', () => runOn('cpu', async () => {
    const model = compiled(), before = weightsOf(model);
    await expect(suggestThreshold(model, [{ xs: tf.zeros([1, 9]), ys: tf.zeros([1, 2]) }])).rejects.toThrow();
    await trainBatches(model, 0, 1);
    expect(weightsOf(model)).not.toEqual(before);
  }));
});
