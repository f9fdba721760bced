/** Compiled kernels: none is made that does not run, and those of options long gone are let go. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { ClipkitOptimizer, defineTransform, fields, mul, norm, sub } from '@clipkit/core';
import { Cache } from '../src/cache';

const descent = defineTransform({
  kind: 'slowDescent',
  stage: 'rule',
  arguments: (learningRate: number, drag: number) => ({ learningRate, drag }),
  options: { learningRate: fields.threshold(), drag: fields.number() },
  update: ({ gradient, weight, learningRate }, { drag }) => ({ weight: sub(mul(weight, drag), mul(learningRate, gradient)) }),
});
const clipped = defineTransform({
  kind: 'halfOfNorm',
  arguments: () => ({}),
  options: {},
  update: ({ gradient }) => ({ gradient: mul(gradient, norm(gradient, 'scalar')) }),
});

it.each([
  ['a rule alone: its map', [], 1],
  ['a rule behind a norm: a reduction and a map', [clipped()], 2],
])('the first step of %s', async (_name, transforms, count) => {
  await tf.setBackend('wasm');
  const made = vi.spyOn(WebAssembly, 'Module');
  const optimizer = new ClipkitOptimizer({ transforms, rule: descent(0.1, 0.987 + count / 1e5), inner: null, nonFinite: 'propagate' });
  const variables = [[3], [2, 2], [4]].map((shape) => tf.tidy(() => tf.variable(tf.ones(shape))));
  const step = (): void => { tf.tidy(() => { optimizer.applyGradients(variables.map((each) => ({ name: each.name, tensor: tf.onesLike(each) })) as never); }); };
  step();
  expect(made).toHaveBeenCalledTimes(count);
  for (let at = 0; at < 3; at++) step();
  // Another list of the same kinds of variables needs no kernel of its own.
  variables.pop();
  step();
  expect(made).toHaveBeenCalledTimes(count);
  made.mockRestore();
  tf.dispose(variables);
  optimizer.dispose();
});

it('a cache keeps what was used last, and no more', () => {
  const cache = new Cache<number, string>(3), make = vi.fn((key: number) => `made ${key}`);
  const get = (key: number): string => cache.get(key, () => make(key));
  for (const key of [1, 2, 3, 1, 4, 1, 3]) expect(get(key)).toBe(`made ${key}`);
  expect(make.mock.calls.flat()).toEqual([1, 2, 3, 4]);
  expect(get(2)).toBe('made 2');
  expect(make.mock.calls.flat()).toEqual([1, 2, 3, 4, 2]);
});
