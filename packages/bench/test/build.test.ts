/** From expressions to transforms and optimizers: names lead to the packages' exports and nowhere else. */
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildClip, buildOptimizer, optimizerNames, transformNames, withLearningRate } from '../src/expressions/build';
import { format } from '../src/expressions/expression';
import { parse } from '../src/expressions/parse';

beforeAll(() => setBackend('cpu'));

const clipOf = (text: string) => buildClip(parse(text));
const optimizerOf = (text: string, clip = 'none') => buildOptimizer(parse(text), parse(clip));

it('knows the transforms, our optimizers, and those of tfjs', () => {
  expect(transformNames()).toEqual(expect.arrayContaining(['byValue', 'byNorm', 'byGlobalNorm']));
  expect(transformNames()).not.toContain('clip');
  expect(optimizerNames()).toEqual(expect.arrayContaining(['sgd', 'momentum', 'adam', 'tf.train.sgd', 'tf.train.adam', 'tf.train.adamax']));
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
