/** Accumulation: n micro-batches make one step of their mean, and a bad one does not poison it. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { accumulateGradients, byGlobalNorm, ClipkitOptimizer, type GradientTransform, type NonFinitePolicy } from '@clipkit/core';
import { scalarPath, transformContract } from '@clipkit/core/testing';

/** Under propagate a bad micro-batch must show when its step is released, which that check would take for poisoned state; the test below covers it. */
const shows = /keeps its state finite/;
for (const check of transformContract(() => [accumulateGradients(3), byGlobalNorm(1)])) if (!shows.test(check.name)) it(check.name, check.run);

/** What w = 0 becomes under w ← w − (what the transforms made of g), after each call with a gradient of one number. */
async function path(gradients: readonly number[], transforms: readonly GradientTransform[], nonFinite: NonFinitePolicy = 'propagate'): Promise<number[]> {
  return scalarPath(new ClipkitOptimizer({ transforms, rule: null, inner: tf.train.sgd(1), nonFinite }), gradients);
}

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  it('moves on each n-th call, by the mean', async () => {
    await tf.setBackend(backend);
    expect(await path([1, 2, 6, 0, 3, 0], [accumulateGradients(3)])).toEqual([0, 0, -3, -3, -3, -4]);
    expect(await path([1, 2], [accumulateGradients(1)])).toEqual([-1, -3]);
  });

  it('leaves a bad micro-batch out of sum and count under skip', async () => {
    await tf.setBackend(backend);
    const { NaN: bad } = Number;
    expect(await path([1, bad, 5, bad, bad, Infinity, 2, 2, 2], [accumulateGradients(3)], 'skip')).toEqual([0, 0, -3, -3, -3, -3, -3, -3, -5]);
    expect(await path([1, 5, bad], [accumulateGradients(3)], 'skip')).toEqual([0, 0, -3]);
  });

  it('lets a failure show under propagate, but not outlive its step', async () => {
    await tf.setBackend(backend);
    expect(await path([NaN, 1], [accumulateGradients(2)])).toEqual([0, NaN]);
    const weight = tf.tidy(() => tf.variable(tf.scalar(0)));
    const optimizer = new ClipkitOptimizer({ transforms: [accumulateGradients(2)], rule: null, inner: tf.train.sgd(1), nonFinite: 'propagate' });
    const call = (each: number): void => { tf.tidy(() => { optimizer.applyGradients([{ name: weight.name, tensor: tf.scalar(each) }]); }); };
    [NaN, 1].forEach(call);
    tf.tidy(() => { weight.assign(tf.scalar(0)); });
    [1, 3].forEach(call);
    expect(weight.dataSync()[0]).toBe(-2);
    weight.dispose();
    optimizer.dispose();
  });
});

it('stands at the top only, once, and takes a whole number of at least one', () => {
  const build = (transforms: readonly GradientTransform[]): ClipkitOptimizer => new ClipkitOptimizer({ transforms, rule: null, inner: tf.train.sgd(1), nonFinite: 'propagate' });
  expect(() => build([accumulateGradients(2), accumulateGradients(3)])).toThrow(/at most one accumulation/);
  expect(() => accumulateGradients(0)).toThrow('[clip] accumulateGradients: n');
  expect(() => accumulateGradients(1.5)).toThrow(RangeError);
  expect(() => accumulateGradients('2' as never)).toThrow(TypeError);
});
