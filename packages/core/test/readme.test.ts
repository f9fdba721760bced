/** The strategy that the README writes. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describe, expect, it } from 'vitest';
import { add, ClipkitOptimizer, defineTransform, div, fields, finite, linear, mul, norm, select, type Threshold } from '@clipkit/core';
import { transformContract } from '@clipkit/core/testing';

const gently = defineTransform({
  kind: 'gently',
  arguments: (maxNorm: Threshold) => ({ maxNorm }),
  options: { maxNorm: fields.threshold() },
  update({ gradient }, { maxNorm }) {
    const length = norm(gradient, 'scalar');
    return { gradient: mul(gradient, select(finite(length), div(maxNorm, add(maxNorm, length)), NaN)) };
  },
});

describe('a strategy of your own', () => {
  for (const { name, run } of transformContract(() => gently(linear({ from: 2, to: 1, steps: 5 })))) it(name, run);

  it('does what its formula says', async () => {
    await tf.setBackend('wasm');
    const variable = tf.variable(tf.zeros([2]));
    const optimizer = new ClipkitOptimizer({ transforms: [gently(5)], rule: null, inner: tf.train.sgd(1), nonFinite: 'propagate' });
    optimizer.applyGradients([{ name: variable.name, tensor: tf.tensor([3, 4]) }] as never);
    expect([...variable.dataSync()]).toEqual([-1.5, -2]);
  });

  it('refuses wrong options in words', () => {
    expect(() => gently(-1)).toThrow('[clipkit] gently: maxNorm must be a number >= 0, got -1');
  });
});
