/** A fused optimizer is a tf.Optimizer wherever tfjs takes one, and leaves no tensor behind. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { largestDifference, Scene, sceneGradients } from '@clipkit/core/testing';
import { adafactor, adam, muon, sgd, type FusedOptimizer } from '@clipkit/optimizers';
import { SUBJECTS } from './support/subjects';

const EVERYTHING = { globalClipnorm: 1, weightDecay: 0.01, emaMomentum: 0.9, nonFinite: 'skip' } as const;
const scalars = (...values: number[]): tf.Variable<tf.Rank.R0>[] => values.map((each) => tf.tidy(() => tf.variable(tf.scalar(each))));
const valuesOf = (variables: readonly tf.Variable[]): number[] => variables.map((each) => each.dataSync()[0]!);

function network(optimizer: tf.Optimizer): tfl.LayersModel {
  const model = tfl.sequential({ layers: [
    tfl.layers.dense({ units: 6, inputShape: [4], activation: 'tanh', kernelInitializer: tfl.initializers.glorotUniform({ seed: 5 }) }),
    tfl.layers.dense({ units: 2, kernelInitializer: tfl.initializers.glorotUniform({ seed: 6 }) }),
  ] });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}
/** By layer: the model's own list puts frozen ones last. */
const weightsOf = (model: tfl.LayersModel): Float32Array[] => model.layers.flatMap((layer) => layer.getWeights()).map((each) => each.dataSync().slice() as Float32Array);
const data = (rows: number): { xs: tf.Tensor; ys: tf.Tensor } => ({ xs: tf.randomUniform([rows, 4], -1, 1, 'float32', 7), ys: tf.randomUniform([rows, 2], -1, 1, 'float32', 8) });

/** Batches without end, as fitDataset takes them; it disposes each. */
const batches = { iterator: async () => ({ next: async () => ({ value: data(8), done: false }) }) } as never;

type Loop = (model: tfl.LayersModel, steps: number) => Promise<void>;
const LOOPS: Readonly<Record<string, Loop>> = {
  async fit(model, steps) {
    const { xs, ys } = data(8);
    await model.fit(xs, ys, { epochs: steps, batchSize: 8, verbose: 0, shuffle: false, yieldEvery: 'never' });
    tf.dispose([xs, ys]);
  },
  async fitDataset(model, steps) {
    await model.fitDataset(batches, { epochs: 1, batchesPerEpoch: steps, verbose: 0, yieldEvery: 'never' });
  },
  async trainOnBatch(model, steps) {
    const { xs, ys } = data(8);
    for (let step = 0; step < steps; step++) await model.trainOnBatch(xs, ys);
    tf.dispose([xs, ys]);
  },
  async 'a hand-written loop'(model, steps) {
    const { xs, ys } = data(8);
    for (let step = 0; step < steps; step++) model.optimizer.minimize(() => tf.losses.meanSquaredError(ys, model.apply(xs) as tf.Tensor));
    tf.dispose([xs, ys]);
  },
};

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => { await tf.setBackend(backend); });

  it('minimize: the cost when it is asked for, all trainable variables or those that are given', () => {
    const [a, b] = scalars(3, 4) as [tf.Variable<tf.Rank.R0>, tf.Variable<tf.Rank.R0>], optimizer = sgd({ learningRate: 0.5 });
    const loss = (): tf.Scalar => tf.add(tf.square(a), tf.square(b));
    const cost = optimizer.minimize(loss, true)!;
    expect(cost.dataSync()[0]).toBe(25);
    cost.dispose();
    expect(valuesOf([a, b])).toEqual([0, 0]);
    a.assign(tf.scalar(2));
    b.assign(tf.scalar(2));
    expect(optimizer.minimize(loss, false, [b])).toBeNull();
    expect(valuesOf([a, b])).toEqual([2, 0]);
    optimizer.minimize(loss, false, null as never);
    expect(valuesOf([a, b])).toEqual([0, 0]);
    expect(optimizer.iterations).toBe(3);
    tf.dispose([a, b]);
    optimizer.dispose();
  });

  it('computeGradients and applyGradients, by a list or by a map', () => {
    const [a] = scalars(3) as [tf.Variable<tf.Rank.R0>], optimizer = sgd({ learningRate: 0.25 });
    const { value, grads } = optimizer.computeGradients(() => tf.square(a) as tf.Scalar);
    expect([value.dataSync()[0], grads[a.name]!.dataSync()[0]]).toEqual([9, 6]);
    optimizer.applyGradients(grads);
    optimizer.applyGradients([{ name: a.name, tensor: grads[a.name]! }]);
    expect(valuesOf([a])).toEqual([0]);
    expect(grads[a.name]!.dataSync()[0]).toBe(6);
    tf.dispose([a, value, grads]);
    optimizer.dispose();
  });

  it('leaves frozen variables alone and starts late ones anew', () => {
    const names = [0, 1], scene = new Scene(adam({ learningRate: 0.1 }));
    const only = (step: number): (Float32Array | null)[] => sceneGradients(step).map((each, index) => (names.includes(index) ? each : null));
    const start = scene.values();
    for (let step = 0; step < 3; step++) scene.step(only(step));
    expect(largestDifference(scene.values().slice(2), start.slice(2))).toBe(0);
    scene.step(sceneGradients(3));
    // The first step of Adam is η in the direction of the gradient's sign, whenever it comes.
    const late = scene.values()[4]!, gradient = sceneGradients(3)[4]!;
    late.forEach((value, at) => { expect(Math.abs(start[4]![at]! - value - 0.1 * Math.sign(gradient[at]!))).toBeLessThan(1e-4); });
    scene.dispose();
  });

  it('a layer frozen and thawed between compilations keeps its weights meanwhile', async () => {
    const optimizer = adam({ learningRate: 0.05 }), model = network(optimizer);
    await LOOPS['fit']!(model, 3);
    model.layers[0]!.trainable = false;
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const before = weightsOf(model);
    await LOOPS['trainOnBatch']!(model, 3);
    const frozen = weightsOf(model);
    expect(largestDifference(frozen.slice(0, 2), before.slice(0, 2))).toBe(0);
    expect(largestDifference(frozen.slice(2), before.slice(2))).toBeGreaterThan(0);
    model.layers[0]!.trainable = true;
    model.compile({ optimizer, loss: 'meanSquaredError' });
    await LOOPS['trainOnBatch']!(model, 3);
    expect(largestDifference(weightsOf(model).slice(0, 2), frozen.slice(0, 2))).toBeGreaterThan(0);
    model.dispose();
    optimizer.dispose();
  });

  it('one optimizer serves two models: the state is each variable\'s own', async () => {
    const shared = adam({ learningRate: 0.05 }), [first, second] = [network(shared), network(shared)];
    const alone = adam({ learningRate: 0.05 }), reference = network(alone);
    for (let step = 0; step < 4; step++) {
      await LOOPS['trainOnBatch']!(first, 1);
      await LOOPS['trainOnBatch']!(second, 1);
    }
    await LOOPS['trainOnBatch']!(reference, 4);
    for (const model of [first, second]) expect(largestDifference(weightsOf(model), weightsOf(reference))).toBe(0);
    for (const each of [first, second, reference, shared, alone]) each.dispose();
  });

  it('dispose frees everything, twice is harmless, and the optimizer can start again', () => {
    const { numTensors } = tf.memory();
    for (const make of [() => adam(EVERYTHING), () => adafactor(EVERYTHING), () => muon({ ...EVERYTHING, gradientAccumulationSteps: 2 })]) {
      const scene = new Scene(make()).train(0, 3);
      scene.optimizer.dispose();
      scene.optimizer.dispose();
      scene.train(3, 6);
      scene.dispose();
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each(Object.entries(LOOPS))('%s: as many tensors and bytes after 1 000 steps as after 10', async (_, loop) => {
    const optimizer = adam(EVERYTHING), model = network(optimizer);
    await loop(model, 10);
    const { numTensors, numBytes } = tf.memory();
    await loop(model, 990);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(optimizer.iterations).toBe(1000);
    model.dispose();
    optimizer.dispose();
  });

  it.each(Object.entries(SUBJECTS))('%s: a hand-written loop keeps its tensors and bytes for 1 000 steps', (_, make) => {
    const variables = tf.tidy(() => [tf.variable(tf.ones([3, 4])), tf.variable(tf.ones([4]))]);
    const gradients = [tf.fill([3, 4], 0.5), tf.fill([4], -0.5)];
    const optimizer: FusedOptimizer = make(EVERYTHING);
    const train = (steps: number): void => {
      for (let step = 0; step < steps; step++) optimizer.applyGradients(variables.map(({ name }, index) => ({ name, tensor: gradients[index]! })));
    };
    train(10);
    const { numTensors, numBytes } = tf.memory();
    train(990);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    tf.dispose([...variables, ...gradients]);
    optimizer.dispose();
  });
});

it('reports what clipping did', async () => {
  await tf.setBackend('wasm');
  const [a] = scalars(3) as [tf.Variable], optimizer = adam({ globalClipnorm: 2 });
  optimizer.minimize(() => tf.square(a) as tf.Scalar);
  expect(await optimizer.report()).toMatchObject({ step: 1, norm: 6, clippedNorm: 2, clipped: true, clipRate: 1, variables: [{ name: a.name, norm: 6 }] });
  a.dispose();
  optimizer.dispose();
});

it('passes over memory: one for Adam, two with a joint norm', async () => {
  await tf.setBackend('wasm');
  const { currentBackend } = await import('../../core/src/backends/select');
  const { TargetLists } = await import('../../core/src/optimizer/targets');
  const passes = (optimizer: FusedOptimizer): number => {
    const scene = new Scene(optimizer), backend = currentBackend();
    const list = new TargetLists('[test]').resolve(scene.variables.map((variable) => ({ name: variable.name, tensor: variable as tf.Tensor })));
    const total = backend.passes(optimizer.programs.main(list, true, backend, false), list.targets);
    scene.dispose();
    return total / list.targets.length;
  };
  expect(passes(adam())).toBe(1);
  expect(passes(adam({ clipvalue: 1, weightDecay: 0.1, emaMomentum: 0.9, amsgrad: true }))).toBe(1);
  expect(passes(adam({ globalClipnorm: 1 }))).toBe(2);
  expect(passes(sgd({ clipnorm: 1, momentum: 0.9 }))).toBe(2);
});
