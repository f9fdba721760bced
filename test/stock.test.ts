/** Each of tfjs's own optimizers, wrapped: the same bits where nothing is clipped, saved and resumed with the same bits, no leak. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeEach, describe, expect, it } from 'vitest';
import { clip } from '@clipkit/clip';
import { adam } from '@clipkit/optimizers';

const STOCK: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.05),
  momentum: () => tf.train.momentum(0.05, 0.9),
  'momentum, nesterov': () => tf.train.momentum(0.05, 0.9, true),
  adagrad: () => tf.train.adagrad(0.05),
  adadelta: () => tf.train.adadelta(0.05),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
  adam: () => tf.train.adam(0.01),
  adamax: () => tf.train.adamax(0.01),
};

const xs = (): tf.Tensor => tf.randomNormal([24, 6], 0, 1, 'float32', 3);
const build = (optimizer: tf.Optimizer): tfl.LayersModel => {
  const kernel = (seed: number): ReturnType<typeof tfl.initializers.glorotUniform> => tfl.initializers.glorotUniform({ seed });
  const model = tfl.sequential({ layers: [
    tfl.layers.dense({ name: 'first_layer', units: 7, inputShape: [6], activation: 'tanh', kernelInitializer: kernel(1) }),
    tfl.layers.dense({ name: 'second_layer_1', units: 1, kernelInitializer: kernel(2) }),
  ] });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
};
async function train(model: tfl.LayersModel, steps: number): Promise<void> {
  const x = xs(), y = tf.tidy(() => tf.sum(tf.square(x), 1, true));
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
  tf.dispose([x, y]);
}
const bits = (model: tfl.LayersModel): number[] => model.getWeights().flatMap((weight) => [...weight.dataSync()]);

async function saved(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler(async (given) => {
    artifacts = given;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  }), { includeOptimizer: true });
  // As a file holds it: text for everything but the weights.
  const { weightData, ...rest } = artifacts!;
  return { ...JSON.parse(JSON.stringify(rest)) as tf.io.ModelArtifacts, weightData: weightData! };
}

for (const backend of ['cpu', 'wasm']) {
  describe(backend, () => {
    beforeEach(async () => { await tf.setBackend(backend); });

    it.each(Object.entries(STOCK))('%s: nothing clipped, the same bits', async (_name, make) => {
      const [bare, wrapped] = [build(make()), build(clip(make(), { globalClipnorm: Infinity }))];
      await train(bare, 8);
      await train(wrapped, 8);
      expect(bits(wrapped)).toEqual(bits(bare));
    });

    it.each(Object.entries(STOCK))('%s: clipping acts', async (_name, make) => {
      const [bare, wrapped] = [build(make()), build(clip(make(), { globalClipnorm: 1e-3 }))];
      const start = bits(wrapped);
      await train(bare, 2);
      await train(wrapped, 2);
      expect(bits(wrapped)).not.toEqual(bits(bare));
      expect(bits(wrapped)).not.toEqual(start);
    });

    it.each([...Object.entries(STOCK), ['fused adam', () => adam({ learningRate: 0.01 })] as const])('%s: saved, loaded and gone on, the same bits', async (_name, make) => {
      const how = { globalClipnorm: 0.5 };
      const straight = build(clip(make(), how));
      await train(straight, 9);
      const first = build(clip(make(), how));
      await train(first, 4);
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(await saved(first)));
      expect(loaded.optimizer.getClassName()).toBe('ClipkitOptimizer');
      expect(loaded.optimizer.iterations).toBe(4);
      await train(loaded, 5);
      expect(bits(loaded)).toEqual(bits(straight));
    });

    it('takes gradients as a map as well as a list, and passes them on in the same form', () => {
      const run = (asMap: boolean): number[] => {
        const variables = [tf.variable(tf.ones([3])), tf.variable(tf.ones([2]))];
        const optimizer = clip(tf.train.momentum(0.1, 0.9), { clipnorm: 1 });
        for (let step = 0; step < 3; step++) {
          const named = variables.map((variable, index) => ({ name: variable.name, tensor: tf.fill(variable.shape, step + index + 1) }));
          optimizer.applyGradients((asMap ? Object.fromEntries(named.map(({ name, tensor }) => [name, tensor])) : named) as never);
        }
        return variables.flatMap((variable) => [...variable.dataSync()]);
      };
      expect(run(true)).toEqual(run(false));
    });

    const loops: Record<string, (model: tfl.LayersModel, optimizer: tf.Optimizer, steps: number) => Promise<void>> = {
      trainOnBatch: (model, _optimizer, steps) => train(model, steps),
      async fit(model, _optimizer, steps) {
        const x = xs(), y = tf.tidy(() => tf.sum(x, 1, true));
        await model.fit(x, y, { epochs: steps / 2, batchSize: 12, verbose: 0, yieldEvery: 'never' });
        tf.dispose([x, y]);
      },
      async fitDataset(model, _optimizer, steps) {
        const dataset = { iterator: async () => {
          let left = steps;
          return { next: async () => (left-- > 0 ? { done: false, value: { xs: xs(), ys: tf.ones([24, 1]) } } : { done: true, value: null }) };
        }, size: steps };
        await model.fitDataset(dataset as never, { epochs: 1, batchesPerEpoch: steps, verbose: 0, yieldEvery: 'never' });
      },
      async 'a loop by hand'(model, optimizer, steps) {
        const x = xs(), y = tf.ones([24, 1]);
        const variables = model.trainableWeights.map((weight) => (weight as unknown as { val: tf.Variable }).val);
        for (let step = 0; step < steps; step++) optimizer.minimize(() => tf.tidy(() => tf.mean(tf.square(tf.sub(model.apply(x, { training: true }) as tf.Tensor, y))) as tf.Scalar), false, variables);
        tf.dispose([x, y]);
      },
    };
    const optimizers: Record<string, () => tf.Optimizer> = { 'clip around adam': () => clip(tf.train.adam(), { globalClipnorm: 1 }), 'fused adam': () => adam({ globalClipnorm: 1 }) };
    for (const [loop, run] of Object.entries(loops)) {
      it.each(Object.entries(optimizers))(`%s, ${loop}: as many tensors and bytes after step 1 000 as after step 10`, async (_name, make) => {
        const optimizer = make(), model = build(optimizer);
        await run(model, optimizer, 10);
        const { numTensors, numBytes } = tf.memory();
        await run(model, optimizer, 990);
        expect(tf.memory().numTensors).toBe(numTensors);
        expect(tf.memory().numBytes).toBe(numBytes);
      });
    }
  });
}
