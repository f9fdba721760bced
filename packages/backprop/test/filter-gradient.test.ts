import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { registerBackprop } from '../src';

test('filter gradient', async () => {
  registerBackprop({ backend: 'wasm' });
  for (const [b, h, w, c, o, fh, fw, s, pad] of [[2, 7, 9, 3, 5, 3, 3, 1, 'same'], [32, 28, 28, 1, 32, 3, 3, 1, 'valid'], [3, 8, 8, 16, 9, 2, 4, 2, 'same'], [3, 8, 8, 65, 9, 3, 3, 2, 1]] as [number, number, number, number, number, number, number, number, 'same' | 'valid' | number][]) {
    const run = async (name: string) => {
      await tf.setBackend(name);
      const x = tf.randomUniform<tf.Rank.R4>([b, h, w, c], -1, 1, 'float32', 1);
      const f = tf.randomUniform([fh, fw, c, o], -1, 1, 'float32', 2);
      const g = tf.grad((f) => tf.sum(tf.square(tf.conv2d(x, f as tf.Tensor4D, s, pad))));
      return g(f).dataSync();
    };
    const a = await run('cpu'), c2 = await run('wasm');
    let worst = 0, big = 0;
    a.forEach((v: number, i: number) => { worst = Math.max(worst, Math.abs(v - c2[i]!)); big = Math.max(big, Math.abs(v)); });
    expect(worst / big).toBeLessThan(1e-5);
  }
});
