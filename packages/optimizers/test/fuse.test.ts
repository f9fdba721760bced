/** fuse(): every stock optimizer becomes its fused equal in the middle of training. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clip } from '@clipkit/clip';
import { byGlobalNorm, forceBackend, linear, type ClipkitOptimizer } from '@clipkit/core';
import { largestDifference, Scene, sceneGradients } from '@clipkit/core/testing';
import { adam, fuse } from '@clipkit/optimizers';

const STOCK: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => tf.train.sgd(0.05),
  momentum: () => tf.train.momentum(0.02, 0.9),
  'momentum, nesterov': () => tf.train.momentum(0.02, 0.8, true),
  adagrad: () => tf.train.adagrad(0.05, 0.2),
  adadelta: () => tf.train.adadelta(0.1, 0.9, 1e-4),
  rmsprop: () => tf.train.rmsprop(0.01),
  'rmsprop with momentum': () => tf.train.rmsprop(0.01, 0.8, 0.7, 1e-4),
  'rmsprop, centered': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-10, true),
  adam: () => tf.train.adam(0.01),
  'adam with its own options': () => tf.train.adam(0.02, 0.8, 0.99, 1e-4),
  adamax: () => tf.train.adamax(0.01, 0.9, 0.99, 1e-6, 0.02),
};

/** A tenth of the swing that scenes have: sums of plain descent stay within the range where 5e-5 means something. */
const gradients = (step: number): Float32Array[] => sceneGradients(step).map((values) => values.map((each) => Math.sign(each) * Math.sqrt(Math.abs(each))));
const train = (scene: Scene, from: number, to: number): Scene => {
  for (let step = from; step < to; step++) scene.step(gradients(step));
  return scene;
};

afterEach(() => { forceBackend(null); });

describe.each(['cpu', 'wasm', 'eager'])('on %s', (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend === 'eager' ? 'cpu' : backend);
    if (backend === 'eager') forceBackend('eager');
  });

  it.each(Object.entries(STOCK))('%s: the next 50 steps agree', (_, make) => {
    const stock = train(new Scene(make()), 0, 20);
    const fused = new Scene(fuse(stock.optimizer), stock.values());
    expect(fused.optimizer.iterations).toBe(20);
    for (let step = 20; step < 70; step++) {
      train(stock, step, step + 1);
      train(fused, step, step + 1);
      expect(largestDifference(fused.values(), stock.values()), `after step ${step}`).toBeLessThanOrEqual(5e-5);
    }
    stock.dispose();
    fused.dispose();
  });

  it('takes over before the first step, and when the stock optimizer is gone', () => {
    const fresh = new Scene(fuse(tf.train.momentum(0.1, 0.9))), wanted = new Scene(tf.train.momentum(0.1, 0.9));
    expect(largestDifference(train(fresh, 0, 5).values(), train(wanted, 0, 5).values())).toBeLessThanOrEqual(5e-5);
    const fused = new Scene(fuse(wanted.optimizer), wanted.values());
    const { length: before } = train(wanted, 5, 10).values();
    expect(before).toBe(fused.variables.length);
    const after = wanted.values();
    wanted.dispose();
    expect(largestDifference(train(fused, 5, 10).values(), after)).toBeLessThanOrEqual(5e-5);
    fresh.dispose();
    fused.dispose();
  });
});

describe('what stands in the list', () => {
  beforeEach(async () => { await tf.setBackend('cpu'); });

  it('binds slots by place: frozen variables keep theirs', () => {
    const stock = new Scene(tf.train.adam(0.05));
    const partly = (step: number): (Float32Array | null)[] => gradients(step).map((each, index) => (index === 2 ? null : each));
    for (let step = 0; step < 5; step++) stock.step(gradients(step));
    const fused = new Scene(fuse(stock.optimizer), stock.values());
    for (let step = 5; step < 10; step++) for (const scene of [stock, fused]) scene.step(partly(step));
    expect(largestDifference(fused.values(), stock.values())).toBeLessThanOrEqual(5e-5);
    const [mine, theirs] = [fused, stock].map((scene) => scene.values()[2]!);
    expect(mine).toEqual(theirs);
    // Thawed, it goes on from the slot that was bound while it was frozen. Stock's count went on meanwhile, and ours did not:
    // a variable's correction counts its own steps, so the two are near and not equal.
    for (const scene of [stock, fused]) scene.step(gradients(10));
    expect(largestDifference([fused.values()[2]!], [stock.values()[2]!])).toBeLessThan(0.02);
    stock.dispose();
    fused.dispose();
  });

  it('finds each variable by its name when the list has another order', () => {
    const stock = train(new Scene(tf.train.momentum(0.1, 0.9)), 0, 3);
    const fused = new Scene(fuse(stock.optimizer), stock.values());
    for (let step = 3; step < 5; step++) {
      const values = gradients(step);
      fused.step(values, values.map((_, index) => values.length - 1 - index));
      stock.step(values);
    }
    expect(largestDifference(fused.values(), stock.values())).toBeLessThanOrEqual(5e-5);
    stock.dispose();
    fused.dispose();
  });

  it('refuses variables that are not those of the stock optimizer, before anything changed', () => {
    const stock = train(new Scene(tf.train.momentum(0.1, 0.9)), 0, 3), fused = fuse(stock.optimizer);
    const other = tf.tidy(() => tf.variable(tf.zeros([5, 2]), true, 'first_conv/kernel_7')), gradient = tf.ones([5, 2]);
    expect(() => { fused.applyGradients([{ name: other.name, tensor: gradient }]); }).toThrow(/first_conv\/kernel.*must have shape \[5,2\], got \[3,3,2,5\]/);
    expect([...other.dataSync()]).toEqual(new Array(10).fill(0));
    expect(fused.iterations).toBe(3);
    tf.dispose([other, gradient]);
    fused.dispose();
    stock.dispose();
  });

  it('is clipped by its own options, or by clip(), and keeps the state', () => {
    const stock = train(new Scene(tf.train.adam(0.01)), 0, 8);
    const ways: ((from: tf.Optimizer) => tf.Optimizer)[] = [
      (from) => fuse(from, { globalClipnorm: 0.5 }),
      (from) => clip(fuse(from), byGlobalNorm(0.5)),
    ];
    const [first, second] = ways.map((make) => {
      const scene = train(new Scene(make(stock.optimizer), stock.values()), 8, 20), values = scene.values();
      expect(scene.optimizer.iterations).toBe(20);
      scene.dispose();
      return values;
    });
    const reference = train(new Scene(clip(tf.train.adam(0.01), { globalClipnorm: 0.5 }), stock.values()), 8, 20);
    expect(largestDifference(first!, second!)).toBe(0);
    expect(largestDifference(first!, reference.values())).toBeGreaterThan(1e-3);
    reference.dispose();
    stock.dispose();
  });

  it('takes the learning rate that was assigned, even where stock ignores it', () => {
    const stock = tf.train.sgd(0.1);
    (stock as unknown as { learningRate: number }).learningRate = 0.02;
    expect(fuse(stock).learningRate).toBe(0.02);
    expect(fuse(stock, { learningRate: 0.3 }).learningRate).toBe(0.3);
    stock.dispose();
  });

  it('refuses what is not stock', () => {
    expect(() => fuse(adam())).toThrow(/one of clipkit's already/);
    expect(() => fuse({} as never)).toThrow(TypeError);
    expect(() => fuse(null as never)).toThrow(TypeError);
  });

  it('frees what was copied when no step is taken', () => {
    const stock = train(new Scene(tf.train.adam(0.01)), 0, 2), { numTensors } = tf.memory();
    const fused = fuse(stock.optimizer);
    expect(tf.memory().numTensors).toBe(numTensors + 14);
    fused.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    stock.dispose();
  });

  it('loading other weights takes the place of what was adopted', async () => {
    const stock = train(new Scene(tf.train.adam(0.01)), 0, 4), fused = fuse(stock.optimizer), donor = new Scene(adam({ learningRate: 0.01 }));
    train(donor, 0, 3);
    await donor.optimizer.getWeights();
    const before = tf.memory().numTensors;
    await fused.setWeights(await donor.optimizer.getWeights());
    // Two slots a variable come, and the two copies that were adopted go.
    expect(tf.memory().numTensors).toBe(before);
    const scene = new Scene(fused, donor.values());
    expect(largestDifference(train(scene, 3, 6).values(), train(donor, 3, 6).values())).toBe(0);
    for (const each of [stock, donor, scene]) each.dispose();
  });

  it('saves before the first step, under the names that the stock optimizer knows', async () => {
    const stock = train(new Scene(tf.train.adam(0.01)), 0, 2), fused = fuse(stock.optimizer), again = adam({ learningRate: 0.01 });
    await again.setWeights(await fused.getWeights());
    const scenes = [fused, again].map((optimizer) => train(new Scene(optimizer, stock.values()), 2, 6));
    expect(largestDifference(scenes[0]!.values(), scenes[1]!.values())).toBe(0);
    expect(largestDifference(scenes[0]!.values(), train(stock, 2, 6).values())).toBeLessThanOrEqual(5e-5);
    for (const each of [stock, ...scenes]) each.dispose();
  });
});

describe('what fuse() is given', () => {
  beforeEach(async () => { await tf.setBackend('cpu'); });
  const set = (stock: tf.Optimizer, rate: unknown): tf.Optimizer => Object.assign(stock, { learningRate: rate });

  it.each(Object.entries(STOCK))('%s whose learning rate is no number needs another one', (_, make) => {
    for (const rate of [NaN, -1, undefined, null, '0.1', (step: number) => 1 / (1 + step)]) {
      const stock = set(make(), rate), { numTensors } = tf.memory();
      expect(() => fuse(stock)).toThrow(/^\[optimizers\] fuse: the stock optimizer's learningRate must be a number >= 0, got .*; pass one.* as fuse\(stock, \{ learningRate \}\)$/);
      expect(() => fuse(stock, { learningRate: undefined as never })).toThrow(/learningRate must be a number/);
      expect(fuse(stock, { learningRate: 0.3 }).learningRate).toBe(0.3);
      expect(fuse(stock, { learningRate: linear({ from: 2, to: 1, steps: 2 }) }).learningRate).toBe(2);
      expect(tf.memory().numTensors).toBe(numTensors);
      stock.dispose();
    }
  });

  it.each(Object.entries(STOCK))('%s keeps what an undefined option does not replace', (_, make) => {
    const stock = set(make(), 0.7);
    expect(fuse(stock, { learningRate: undefined as never, clipnorm: undefined as never }).learningRate).toBe(0.7);
    stock.dispose();
  });

  it('options that are none, or are out of their range', () => {
    const stock = train(new Scene(tf.train.adam(0.01)), 0, 2), { numTensors } = tf.memory();
    for (const options of [null, 3, 'clipnorm', [], byGlobalNorm(1)]) expect(() => fuse(stock.optimizer, options as never)).toThrow(/\[optimizers\] (fuse: options must be an object|adam: unknown option)/);
    expect(() => fuse(stock.optimizer, { clipnorm: -1 })).toThrow('clipnorm must be a number >= 0, got -1');
    expect(() => fuse(stock.optimizer, { clipnorm: 1, clipvalue: 1 })).toThrow('at most one of');
    expect(() => fuse(stock.optimizer, { gradientAccumulationSteps: 0 })).toThrow('gradientAccumulationSteps must be');
    expect(tf.memory().numTensors).toBe(numTensors);
    stock.dispose();
  });

  it.each(Object.entries(STOCK))('%s whose state is disposed is refused, unless it has none', (name, make) => {
    const stock = train(new Scene(make()), 0, 2);
    stock.optimizer.dispose();
    const { numTensors } = tf.memory();
    if (name === 'sgd') fuse(stock.optimizer).dispose();
    else expect(() => fuse(stock.optimizer)).toThrow(/fuse: the stock optimizer's accum\w+ are disposed; fuse first, then dispose it/);
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const variable of stock.variables) variable.dispose();
  });

  it.each(Object.entries(STOCK))('%s: all that was copied is gone after dispose, with a step taken or without', (_, make) => {
    const stock = train(new Scene(make()), 0, 2), { numTensors, numBytes } = tf.memory();
    const before = (): void => { expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([numTensors, numBytes]); };
    fuse(stock.optimizer).dispose();
    before();
    train(new Scene(fuse(stock.optimizer), stock.values()), 2, 4).dispose();
    before();
    const twice = fuse(stock.optimizer);
    twice.dispose();
    twice.dispose();
    before();
    stock.dispose();
  });

  it.each(Object.entries(STOCK).filter(([name]) => name !== 'adamax'))('%s that was loaded goes on as the one that was saved', async (_, make) => {
    const stock = train(new Scene(make()), 0, 7);
    const loaded = (stock.optimizer.constructor as unknown as { fromConfig(cls: unknown, config: unknown): tf.Optimizer }).fromConfig(stock.optimizer.constructor, stock.optimizer.getConfig());
    await loaded.setWeights((await stock.optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) })));
    const fused = new Scene(fuse(loaded), stock.values());
    expect(fused.optimizer.iterations).toBe(7);
    expect(largestDifference(train(fused, 7, 20).values(), train(stock, 7, 20).values())).toBeLessThanOrEqual(5e-5);
    fused.dispose();
    loaded.dispose();
    stock.dispose();
  });

  it.each(Object.entries(STOCK))('%s that never had a gradient for some variables', (_, make) => {
    const partly = (step: number): (Float32Array | null)[] => gradients(step).map((each, index) => (index % 3 === 1 ? null : each));
    const stock = new Scene(make());
    for (let step = 0; step < 4; step++) stock.step(partly(step));
    const { numTensors } = tf.memory();
    const fused = new Scene(fuse(stock.optimizer), stock.values());
    for (let step = 4; step < 9; step++) for (const scene of [stock, fused]) scene.step(partly(step));
    expect(largestDifference(fused.values(), stock.values())).toBeLessThanOrEqual(5e-5);
    fused.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    stock.dispose();
  });

  it('goes on centered and not, with state and without', () => {
    for (const centered of [true, false]) {
      for (const steps of [0, 5]) {
        const stock = train(new Scene(tf.train.rmsprop(0.01, 0.9, 0.4, 1e-10, centered)), 0, steps), fused = new Scene(fuse(stock.optimizer), stock.values());
        expect(Object.keys((fused.optimizer as ClipkitOptimizer).options.rule!.state).includes('mean')).toBe(centered);
        expect(largestDifference(train(fused, steps, steps + 9).values(), train(stock, steps, steps + 9).values()), `centered ${centered}, after ${steps}`).toBeLessThanOrEqual(5e-5);
        fused.dispose();
        stock.dispose();
      }
    }
  });
});
