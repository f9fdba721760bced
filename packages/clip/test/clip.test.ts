/** clip(): what it takes, what it refuses in words, and who owns the optimizer then. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import '@clipkit/clip/layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byNorm, clip, type ClippedOptimizer } from '@clipkit/clip';
import { batch, buildModel, trainBatches } from './support/model';
import { applyNumbers, makeVariables } from './support/recorder';
import './support/runtimes';

beforeEach(async () => {
  await tf.setBackend('cpu');
});
afterEach(() => {
  tf.disposeVariables();
});

const how = { clipnorm: 1 };
const STOCK: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.1),
  rmsprop: () => tf.train.rmsprop(0.1),
  adam: () => tf.train.adam(0.1),
  adamax: () => tf.train.adamax(0.1),
};
const step = (optimizer: tf.Optimizer): number => {
  const [variable] = makeVariables([{ name: 'a', shape: [2] }], [[0, 0]]);
  applyNumbers(optimizer, [variable!], [[3, 4]]);
  const value = variable!.dataSync()[0]!;
  variable!.dispose();
  return value;
};

describe('what is no optimizer', () => {
  it.each<[string, unknown, string]>([
    ['a name', 'adam', 'got "adam"; pass an instance: tf.train.adam(…)'],
    ["a class's name", 'RMSProp', 'got "RMSProp"; pass an instance: tf.train.rmsprop(…)'],
    ['a name that tfjs does not know', 'lion', 'got "lion"; pass an instance, such as tf.train.adam(0.001)'],
    ['a class', tf.AdamOptimizer, 'got a function; call it: pass an instance, such as tf.train.adam(0.001)'],
    ['a function that makes one', tf.train.adam, 'got a function; call it'],
    ['a number', 0.1, 'got 0.1, such as tf.train.adam(0.001)'],
    ['nothing', undefined, 'got undefined'],
    ['null', null, 'got null'],
    ['a list', [1], 'got [1], such as tf.train.adam(0.001)'],
    ['options', { learningRate: 0.1 }, 'got an object with keys {learningRate}'],
    [
      'what only looks like one',
      { minimize() {}, computeGradients() {}, applyGradients() {} },
      'got an object with keys {minimize, computeGradients, applyGradients}',
    ],
  ])('%s', (_name, optimizer, message) => {
    expect(() => clip(optimizer as tf.Optimizer, how)).toThrow(TypeError);
    expect(() => clip(optimizer as tf.Optimizer, how)).toThrow('[clip] clip: optimizer must be a tf.Optimizer, got ');
    expect(() => clip(optimizer as tf.Optimizer, how)).toThrow(message);
  });

  it('a model', () => {
    expect(() => clip(buildModel() as never, how)).toThrow(
      '[clip] clip: optimizer must be a tf.Optimizer, got a Sequential, such as tf.train.adam(0.001)',
    );
  });

  it.each([
    ['nothing', undefined],
    ['a number', 1],
    ['a string', 'clipnorm'],
    ['a function', byNorm],
    ['a tensor', () => tf.scalar(1)],
    ['a list of what is no transform', [1]],
  ])('and options that are none: %s', (_name, options) => {
    const optimizer = tf.train.sgd(0.1);
    expect(() => clip(optimizer, options as never)).toThrow(/\[clip\] clip: (options|clip) must be/);
    // Nothing was taken.
    expect(() => clip(optimizer, how)).not.toThrow();
  });
});

describe('an optimizer that is disposed', () => {
  it.each(Object.entries(STOCK))('%s, after steps', (_name, make) => {
    const optimizer = make();
    step(optimizer);
    optimizer.dispose();
    const { numTensors } = tf.memory();
    expect(() => clip(optimizer, how)).toThrow('[clip] clip: the optimizer is disposed; make a new one');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('inside of another', () => {
    const optimizer = clip(tf.train.adam(0.1), how);
    optimizer.dispose();
    expect(() => clip(optimizer, how)).toThrow('the optimizer is disposed');
  });

  it('is not one whose learning rate was set, or that is new', () => {
    const optimizer = tf.train.sgd(0.1);
    optimizer.setLearningRate(0.2);
    expect(step(clip(optimizer, how))).toBeCloseTo(-0.12, 6);
    for (const make of Object.values(STOCK)) expect(() => clip(make(), how)).not.toThrow();
  });
});

describe('an optimizer that was clipped', () => {
  it('may be clipped further by its result, the new clipping first', () => {
    const optimizer: ClippedOptimizer = clip(clip(tf.train.sgd(1), { clipvalue: 0.7 }), { clipnorm: 1 });
    expect(optimizer.inner!.getClassName()).toBe('SGD');
    expect(step(optimizer)).toBeCloseTo(-0.6, 6);
    expect(() => clip(optimizer, how)).toThrow('has taken steps already');
  });

  it('is taken once more by compile, which puts the result where the last one was', async () => {
    const model = buildModel();
    const optimizer = tf.train.momentum(0.01, 0.9);
    const { xs, ys } = batch(0);
    for (const globalClipnorm of [1, 0.1]) {
      model.compile({ optimizer, loss: 'meanSquaredError', globalClipnorm } as layers.ModelCompileArgs);
      await trainBatches(model, 0, 2);
      expect((model.optimizer as ClippedOptimizer).inner).toBe(optimizer);
    }
    tf.dispose([xs, ys]);
  });
});
