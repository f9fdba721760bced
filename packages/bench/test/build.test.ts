/** From expressions to transforms and optimizers: names lead to the packages' exports and nowhere else. */
import '@tensorflow/tfjs-backend-cpu';
import { catalogue } from '@clipkit/models';
import { setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildClip, buildOptimizer, optimizerNames, transformNames, withLearningRate } from '../src/expressions/build';
import { format } from '../src/expressions/expression';
import { parse } from '../src/expressions/parse';

beforeAll(() => setBackend('cpu'));

const clipOf = (text: string) => buildClip(parse(text));
const optimizerOf = (text: string, clip = 'none') => buildOptimizer(parse(text), parse(clip));

const transforms = [
  'byValue(1)', 'byNorm(1)', 'byGlobalNorm(1)', 'byBlockRms(1)', 'adaptiveClip({clipping: 0.02, exclude: [/head/]})', 'autoClip({percentile: 20})', 'zClip()', 'adaGC()', 'spikeClip()',
  'softClip(1)', 'normalizeGradients({to: 2})', 'centralizeGradients()', 'truncateGradients({fraction: 0.1})', 'errorFeedback(byGlobalNorm(1))',
  'perGroup([{match: "bias", use: byValue(1)}, {match: /kernel$/, use: byNorm(1)}], {rest: byNorm(2)})', 'accumulateGradients(4)', 'clipWeights({value: 1})',
];
const optimizers = ['sgd', 'momentum', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamW', 'adamax', 'nadam', 'radam', 'lion', 'lamb', 'lars', 'adafactor', 'muon'];

it.each(transforms)('builds %s', (text) => {
  expect(clipOf(text)!.map(({ kind }) => kind)).toEqual([text.slice(0, text.indexOf('('))]);
});

it('knows our optimizers and those of tfjs by name, and nothing else', () => {
  const stock = ['sgd', 'momentum', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamax'].map((name) => `tf.train.${name}`);
  expect(optimizerNames().sort()).toEqual([...optimizers, ...stock].sort());
  for (const name of optimizers) expect(typeof optimizerOf(name, 'byGlobalNorm(1)').report).toBe('function');
  for (const name of ['clip', 'clipMonitor', 'linear', 'fuse']) expect(transformNames()).not.toContain(name);
});

it.each(Object.entries(catalogue))('builds what the catalogue recommends for %s', (_, { optimizer, clip }) => {
  expect(optimizerOf(optimizer, clip).options.transforms).toHaveLength(1);
  expect(format(parse(optimizer))).toBe(optimizer);
  expect(format(parse(clip))).toBe(clip);
});

it('builds transforms in order, with their options and schedules', () => {
  expect(clipOf('none')).toBeNull();
  const [first, second] = clipOf('byGlobalNorm(linear({from: 2, to: 1, steps: 10}), {ord: 1}) | byValue([-1, 2])')!;
  expect([first!.kind, second!.kind]).toEqual(['byGlobalNorm', 'byValue']);
  expect(first!.options['ord']).toBe(1);
});

it('builds optimizers that clip: ours, and those of tfjs', () => {
  expect(optimizerOf('adam({beta1: 0.8})', 'byNorm(1)').options.transforms.map(({ kind }) => kind)).toEqual(['byNorm']);
  const wrapped = optimizerOf('tf.train.momentum(0.1, 0.9)', 'byGlobalNorm(1)');
  expect(wrapped.inner!.getClassName()).toBe('Momentum');
  expect(wrapped.learningRate).toBe(0.1);
  expect(optimizerOf('tf.train.sgd(0.1)').inner!.getClassName()).toBe('SGD');
});

describe('a learning rate', () => {
  it.each([
    ['adam', 'adam({learningRate: 0.5})'],
    ['adam({beta1: 0.8})', 'adam({learningRate: 0.5, beta1: 0.8})'],
    ['adam({learningRate: 0.1})', 'adam({learningRate: 0.1})'],
    ['tf.train.sgd', 'tf.train.sgd(0.5)'],
    ['tf.train.momentum', 'tf.train.momentum(0.5, 0.9)'],
    ['tf.train.sgd(0.1)', 'tf.train.sgd(0.1)'],
  ])('is written into %s where it has none', (text, expected) => {
    expect(format(withLearningRate(parse(text), 0.5))).toBe(expected);
    expect(optimizerOf(expected).learningRate).toBeGreaterThan(0);
  });
});

describe('refuses', () => {
  it.each(['constructor', 'toString', 'clip(1)', 'clipMonitor()', 'byNrom(1)', '__proto__', 'process.exit(1)', 'byNorm(fetch("a"))', 'byNorm(byValue.call(1))'])('the transform %s', (text) => {
    expect(() => clipOf(text)).toThrow(/\[bench\] unknown transform/);
  });

  it('what is no transform, and wrong options', () => {
    expect(() => clipOf('3')).toThrow('[bench] expected a transform, none, or several joined by |, got 3');
    expect(() => clipOf('none | byNorm(1)')).toThrow(/unknown transform "none"/);
    expect(() => clipOf('byNorm(-1)')).toThrow(RangeError);
    expect(() => clipOf('byNorm(1, {odr: 2})')).toThrow(TypeError);
  });

  it('what is no optimizer', () => {
    expect(() => optimizerOf('adma')).toThrow(/\[bench\] unknown optimizer "adma"; there are .*tf\.train\.adam/);
    expect(() => optimizerOf('constructor')).toThrow(/unknown optimizer/);
    expect(() => optimizerOf('adam(0.1)')).toThrow('[bench] expected adam({ option: value, … }), got adam(0.1)');
    expect(() => optimizerOf('[1]')).toThrow(/expected an optimizer/);
  });
});
