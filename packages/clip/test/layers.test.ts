/** @clipkit/clip/layers: model.compile with Keras's arguments, and models that real Keras compiled with clipping. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { byValue, clip, clipMonitor, type ClippedOptimizer } from '@clipkit/clip';
import { loadLayersModel } from '@clipkit/clip/layers';
import { ClipkitOptimizer } from '@clipkit/core';
import { largestDifference } from '@clipkit/core/testing';
import keras from './golden/keras-models.json';
import { buildModel, saveToMemory, trainBatches, weightsOf } from './support/model';
import { runOn } from './support/runtimes';

beforeEach(() => runOn('cpu', () => {}));
afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

async function trained(args: layers.ModelCompileArgs): Promise<Float32Array[]> {
  const model = buildModel();
  model.compile(args);
  await trainBatches(model, 0, 4);
  const weights = weightsOf(model);
  model.dispose();
  return weights;
}
const loss = 'meanSquaredError';

describe('model.compile', () => {
  it('takes Keras\'s clipping arguments', async () => {
    for (const how of [{ globalClipnorm: 0.05 }, { global_clipnorm: 0.05 }, { clipnorm: 0.05 }, { clipvalue: 0.01 }, { clip: byValue(0.01) }, { clipnorm: 0.05, nonFinite: 'skip' } as const]) {
      const wanted = await trained({ optimizer: clip(tf.train.adam(0.001), how), loss });
      expect(await trained({ optimizer: 'adam', loss, ...how })).toEqual(wanted);
      expect(await trained({ optimizer: tf.train.adam(0.001), loss, ...how })).toEqual(wanted);
      expect(wanted).not.toEqual(await trained({ optimizer: 'adam', loss }));
    }
  });

  it('is as before without them', async () => {
    const model = buildModel();
    model.compile({ optimizer: 'adam', loss });
    expect(model.optimizer.getClassName()).toBe('Adam');
    const own = tf.train.sgd(1);
    model.compile({ optimizer: own, loss, globalClipnorm: undefined } as layers.ModelCompileArgs);
    expect(model.optimizer).toBe(own);
    expect(() => { model.compile({ optimizer: 'none', loss }); }).toThrow(/none/);
    expect(() => { model.compile(undefined as never); }).toThrow();
  });

  it('works for functional models and keeps who owns the optimizer', async () => {
    const entry = layers.input({ shape: [3] }), output = layers.layers.dense({ units: 1 }).apply(entry) as layers.SymbolicTensor, model = layers.model({ inputs: entry, outputs: output });
    model.compile({ optimizer: 'adam', loss, clipnorm: 0.1 });
    const { numTensors } = tf.memory();
    await model.trainOnBatch(tf.ones([2, 3]), tf.ones([2, 1]));
    model.dispose();
    expect(tf.memory().numTensors).toBeLessThan(numTensors + 2); // the two batches are still there, the optimizer's state is not
    const mine = tf.train.sgd(1), other = buildModel();
    other.compile({ optimizer: mine, loss, clipnorm: 1 });
    expect((other.optimizer as ClippedOptimizer).inner).toBe(mine);
  });

  it('refuses what is wrong before it changes anything', () => {
    const model = buildModel(), optimizer = tf.train.sgd(1);
    model.compile({ optimizer, loss });
    expect(() => { model.compile({ optimizer: 'adam', loss, clipnorm: -1 }); }).toThrow(/\[clip\] compile: clipnorm must be a number >= 0, got -1/);
    expect(() => { model.compile({ optimizer: 'adam', loss, clipnorm: 1, clipvalue: 1 }); }).toThrow(TypeError);
    expect(model.optimizer).toBe(optimizer);
  });

  it('is typed', () => {
    // @ts-expect-error a threshold is a number or a schedule
    const wrong: layers.ModelCompileArgs = { optimizer: 'adam', loss, globalClipnorm: 'one' };
    expect(() => { buildModel().compile(wrong); }).toThrow(TypeError);
  });

  it('saves, loads and reports', async () => {
    const model = buildModel();
    model.compile({ optimizer: 'adam', loss, globalClipnorm: 0.05 });
    await trainBatches(model, 0, 2);
    const loaded = await loadLayersModel(tf.io.fromMemory(await saveToMemory(model)));
    await trainBatches(model, 2, 5);
    await trainBatches(loaded, 2, 5);
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
    expect(() => clipMonitor(model.optimizer)).not.toThrow();
  });
});

const SHAPES = [[3, 4], [4], [4, 2], [2]];
function artifactsOf({ modelTopology, weights }: typeof keras.cases[number]): tf.io.ModelArtifacts {
  const data = Float32Array.from(weights.flatMap(({ values }) => values));
  return { modelTopology: JSON.parse(JSON.stringify(modelTopology)) as object, weightSpecs: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })), weightData: data.buffer, format: 'layers-model' };
}

describe('models from Keras', () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    for (const each of keras.cases.filter(({ name }) => !name.includes('lacks'))) {
      it(`${each.name}: three steps as Keras's own, on ${backend}`, () => runOn(backend, async () => {
        const model = await loadLayersModel(tf.io.fromMemory(artifactsOf(each)));
        for (const { xs, ys } of keras.batches) await model.trainOnBatch(tf.tensor2d(xs, [6, 3]), tf.tensor2d(ys, [6, 2]));
        const start = each.weights.map(({ values }) => Float32Array.from(values));
        const moved = weightsOf(model).map((values, index) => values.map((value, at) => value - start[index]![at]!)), wanted = each.trained.map((values, index) => values.map((value, at) => value - start[index]![at]!));
        expect(moved.map(({ length }) => length)).toEqual(SHAPES.map((shape) => shape.reduce((a, b) => a * b)));
        // tfjs adds Adam's epsilon after the bias correction, Keras before it: with gradients this small that is what differs.
        expect(largestDifference(moved, wanted)).toBeLessThan(each.name.startsWith('Adam') ? 3e-3 : 2e-5);
        const isClipped = model.optimizer.getClassName() === ClipkitOptimizer.className;
        expect(isClipped).toBe(!each.name.includes('without'));
      }));
    }
  }

  it('tfjs alone drops the whole configuration', async () => {
    const model = await layers.loadLayersModel(tf.io.fromMemory(artifactsOf(keras.cases[0]!)));
    expect(model.optimizer).toBeUndefined();
  });

  it('an optimizer that tfjs lacks leaves the model uncompiled, with a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await loadLayersModel(tf.io.fromMemory(artifactsOf(keras.cases.find(({ name }) => name.includes('lacks'))!)));
    expect(model.optimizer).toBeUndefined();
    expect(warn.mock.calls.flat().join()).toMatch(/no equal of the model's optimizer "Lion"/);
  });

  it('a configuration where tfjs does look is honoured too', async () => {
    const { modelTopology, ...artifacts } = artifactsOf(keras.cases[0]!), { model_config } = modelTopology as { model_config: object };
    const trainingConfig = { loss: 'mean_squared_error', metrics: [], optimizer_config: { class_name: 'SGD', config: { learning_rate: 0.1, clipnorm: 0.05 } } } as never;
    const model = await loadLayersModel(tf.io.fromMemory({ ...artifacts, modelTopology: model_config, trainingConfig }));
    expect(model.optimizer.getClassName()).toBe(ClipkitOptimizer.className);
    expect(JSON.stringify(model.optimizer.getConfig())).toContain('"maxNorm":0.05');
  });

  it('a bad threshold in a file is an error', async () => {
    const artifacts = artifactsOf(keras.cases[0]!);
    (artifacts.modelTopology as typeof keras.cases[0]['modelTopology']).training_config.optimizer_config.config.clipnorm = -1;
    await expect(loadLayersModel(tf.io.fromMemory(artifacts))).rejects.toThrow(RangeError);
  });

  const withOptimizer = (change: (training: Record<string, unknown>) => void): tf.io.ModelArtifacts => {
    const artifacts = artifactsOf(keras.cases[0]!);
    change((artifacts.modelTopology as { training_config: Record<string, unknown> }).training_config);
    return artifacts;
  };
  const config = (changed: Record<string, unknown>) => (training: Record<string, unknown>): void => { Object.assign((training['optimizer_config'] as { config: object }).config, changed); };
  it.each<[string, (training: Record<string, unknown>) => void]>([
    ['optimizer_config.config.clipnorm must be a number >= 0, got NaN', config({ clipnorm: NaN })],
    ['optimizer_config.config.clipnorm must be a number >= 0, got "1"', config({ clipnorm: '1' })],
    ['at most one of clipvalue, clipnorm and globalClipnorm', config({ clipnorm: 1, clipvalue: 1 })],
    ['optimizer_config.config.gradient_accumulation_steps must be an integer >= 1', config({ gradient_accumulation_steps: 1.5 })],
    ['optimizer_config.config.gradient_accumulation_steps must be an integer >= 1', config({ gradient_accumulation_steps: -3 })],
    ['optimizer_config.config.gradient_accumulation_steps must be an integer >= 1 and <= 16777216, got 1000000000000000', config({ gradient_accumulation_steps: 1e15 })],
    ['optimizer_config.config.learning_rate must be a number >= 0, got NaN', config({ learning_rate: NaN })],
    ['optimizer_config.config.learning_rate must be a number >= 0, got "fast"', config({ learning_rate: 'fast' })],
    ['optimizer_config.config.learning_rate must be a finite number >= 0, got Infinity', config({ learning_rate: Infinity })],
    ['optimizer_config.config.beta_1 must be a number >= 0 and < 1, got 2', config({ beta_1: 2 })],
    ['optimizer_config.config must be an object', (training) => { (training['optimizer_config'] as Record<string, unknown>)['config'] = 5; }],
    ['optimizer_config must be an object', (training) => { training['optimizer_config'] = 'Adam'; }],
    ['Unknown loss noSuchLoss', (training) => { training['loss'] = 'no_such_loss'; }],
  ])('%s: and nothing is left of the model', async (words, change) => {
    const artifacts = withOptimizer(change);
    const { numTensors } = tf.memory();
    await expect(loadLayersModel(tf.io.fromMemory(artifacts))).rejects.toThrow(words);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each<[string, (training: Record<string, unknown>) => void]>([
    ['optimizer "toString"', (training) => { (training['optimizer_config'] as Record<string, unknown>)['class_name'] = 'toString'; }],
    ['optimizer ["Adam"]', (training) => { (training['optimizer_config'] as Record<string, unknown>)['class_name'] = ['Adam']; }],
    ['optimizer undefined', (training) => { training['optimizer_config'] = null; }],
    ['learning rate schedule', config({ learning_rate: { class_name: 'CosineDecay' } })],
    ['loss "toString"', (training) => { training['loss'] = 'toString'; }], ['loss {"class_name":"ToString"}', (training) => { training['loss'] = { class_name: 'ToString' }; }],
    ['loss ""', (training) => { training['loss'] = ''; }], ['loss {"class_name":""}', (training) => { training['loss'] = { class_name: '' }; }],
  ])('no equal of the %s: a warning', async (words, change) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await loadLayersModel(tf.io.fromMemory(withOptimizer(change)));
    expect(model.optimizer).toBeUndefined();
    expect(warn.mock.calls.flat().join()).toContain(`no equal of the model's ${words}`);
  });

  it('what is no source is an error', async () => { await expect(loadLayersModel({} as never)).rejects.toThrow(/source must be a URL or an IOHandler/); });
});
