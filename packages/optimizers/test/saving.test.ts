/** model.save and loadLayersModel: training goes on with the same bits, and stock optimizers from files become fused ones. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { largestDifference } from '@clipkit/core/testing';
import { adam, fuse, linear, type CommonOptions, type FusedOptimizer } from '@clipkit/optimizers';
import { clip } from '@clipkit/clip';
import { SUBJECTS } from './support/subjects';

/** Names with underscores: loaders camel-case them. */
function network(optimizer: tf.Optimizer): tfl.LayersModel {
  const model = tfl.sequential({ layers: [
    tfl.layers.dense({ name: 'first_dense_1', units: 5, inputShape: [4], activation: 'tanh', kernelInitializer: tfl.initializers.glorotUniform({ seed: 5 }) }),
    tfl.layers.dense({ name: 'second_dense', units: 2, kernelInitializer: tfl.initializers.glorotUniform({ seed: 6 }) }),
  ] });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}
const weightsOf = (model: tfl.LayersModel): Float32Array[] => model.getWeights().map((each) => each.dataSync().slice() as Float32Array);

async function train(model: tfl.LayersModel, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    const xs = tf.randomUniform([8, 4], -1, 1, 'float32', 100 + step), ys = tf.randomUniform([8, 2], -1, 1, 'float32', 200 + step);
    await model.trainOnBatch(xs, ys);
    tf.dispose([xs, ys]);
  }
}

/** Through what a file would hold: JSON text and bytes. */
async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler(async (given) => {
    artifacts = given;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  }), { includeOptimizer: true });
  const { weightData, ...rest } = artifacts!;
  return tfl.loadLayersModel(tf.io.fromMemory({ ...JSON.parse(JSON.stringify(rest)) as tf.io.ModelArtifacts, weightData: (weightData as ArrayBuffer).slice(0) }));
}

const free = (...models: tfl.LayersModel[]): void => {
  for (const model of models) {
    model.optimizer?.dispose();
    model.dispose();
  }
};

const EVERYTHING: CommonOptions = {
  learningRate: linear({ from: 0.02, to: 0.001, steps: 9 }), globalClipnorm: 0.5, weightDecay: 0.05, excludeFromWeightDecay: [/bias$/, 'second_dense/kernel'],
  emaMomentum: 0.9, gradientAccumulationSteps: 2, nonFinite: 'skip',
};

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => { await tf.setBackend(backend); });

  for (const [kind, options] of Object.entries({ plain: {}, 'with all common options': EVERYTHING })) {
    it.each(Object.entries(SUBJECTS))(`%s, ${kind}: goes on with the same bits`, async (_, make) => {
      const model = network(make(options));
      await train(model, 0, 7);
      const loaded = await reloaded(model);
      expect(loaded.optimizer).not.toBe(model.optimizer);
      expect(loaded.optimizer.iterations).toBe(model.optimizer.iterations);
      await train(model, 7, 14);
      await train(loaded, 7, 14);
      expect(largestDifference(weightsOf(loaded), weightsOf(model))).toBe(0);
      free(model, loaded);
    });
  }

  it('averages survive, and can be put in place before the first step', async () => {
    const model = network(adam({ emaMomentum: 0.8 }));
    await train(model, 0, 5);
    const loaded = await reloaded(model), optimizer = loaded.optimizer as unknown as FusedOptimizer;
    (model.optimizer as unknown as FusedOptimizer).swapAveragedWeights();
    expect(() => { optimizer.swapAveragedWeights(); }).toThrow(/before the first step; pass them/);
    optimizer.swapAveragedWeights(loaded.trainableWeights.map((each) => each.read() as tf.Variable));
    expect(largestDifference(weightsOf(loaded), weightsOf(model))).toBe(0);
    await expect((model.optimizer as unknown as FusedOptimizer).getWeights()).rejects.toThrow(/before saving/);
    for (const each of [model, loaded]) {
      (each.optimizer as unknown as FusedOptimizer).swapAveragedWeights();
      await train(each, 5, 9);
    }
    expect(largestDifference(weightsOf(loaded), weightsOf(model))).toBe(0);
    free(model, loaded);
  });

  it('a learning rate that was set is saved', async () => {
    const optimizer = adam(), model = network(optimizer);
    optimizer.learningRate = 0.125;
    expect((await reloaded(model)).optimizer).toMatchObject({ learningRate: 0.125 });
    free(model);
  });

  it('saving again and again leaks nothing but what model.save itself does', async () => {
    const model = network(adam());
    await train(model, 0, 2);
    await (model.optimizer as FusedOptimizer).getWeights();
    const { numTensors } = tf.memory();
    for (let time = 0; time < 5; time++) await (model.optimizer as FusedOptimizer).getWeights();
    expect(tf.memory().numTensors).toBe(numTensors);
    free(model);
  });

  const STOCK: Readonly<Record<string, () => tf.Optimizer>> = {
    adam: () => tf.train.adam(0.02),
    rmsprop: () => tf.train.rmsprop(0.01, 0.8, 0.6),
    'rmsprop, centered': () => tf.train.rmsprop(0.01, 0.9, 0, 1e-8, true),
    momentum: () => tf.train.momentum(0.05, 0.9),
    adagrad: () => tf.train.adagrad(0.1),
    adadelta: () => tf.train.adadelta(0.5),
  };
  it.each(Object.entries(STOCK))('a model saved with stock %s is loaded and fused', async (_, make) => {
    const model = network(make());
    await train(model, 0, 10);
    const loaded = await reloaded(model), stock = loaded.optimizer;
    loaded.compile({ optimizer: fuse(stock), loss: 'meanSquaredError' });
    stock.dispose();
    for (let step = 10; step < 60; step += 10) {
      await train(model, step, step + 10);
      await train(loaded, step, step + 10);
      expect(largestDifference(weightsOf(loaded), weightsOf(model)), `after step ${step + 10}`).toBeLessThanOrEqual(5e-5);
    }
    // And the fused one saves in turn.
    const again = await reloaded(loaded);
    await train(loaded, 60, 64);
    await train(again, 60, 64);
    expect(largestDifference(weightsOf(again), weightsOf(loaded))).toBe(0);
    free(model, loaded, again);
  });

  it('fused, clipped and saved', async () => {
    const model = network(tf.train.adam(0.02));
    await train(model, 0, 5);
    const loaded = await reloaded(model);
    loaded.compile({ optimizer: clip(fuse(loaded.optimizer), { globalClipnorm: 0.1 }), loss: 'meanSquaredError' });
    await train(loaded, 5, 8);
    const again = await reloaded(loaded);
    await train(loaded, 8, 12);
    await train(again, 8, 12);
    expect(largestDifference(weightsOf(again), weightsOf(loaded))).toBe(0);
    expect(again.optimizer.iterations).toBe(12);
    free(model, loaded, again);
  });
});
