/** Saving and loading while the backend is being changed; in a file of its own, since wasm starts but once. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { expect, it } from 'vitest';
import { adam } from '@clipkit/optimizers';

it('what is pending waits for a backend that starts', async () => {
  await tf.setBackend('cpu');
  const optimizer = adam({ globalClipnorm: 1 }), weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2]), true, 'w'));
  tf.tidy(() => { optimizer.applyGradients([{ name: 'w', tensor: tf.tensor1d([3, 4]) }]); });
  const saving = optimizer.getWeights(), changing = tf.setBackend('wasm');
  const [weights] = await Promise.all([saving, changing]);
  expect(tf.getBackend()).toBe('wasm');
  await optimizer.setWeights(weights);
  tf.tidy(() => { optimizer.applyGradients([{ name: 'w', tensor: tf.tensor1d([3, 4]) }]); });
  expect(optimizer.iterations).toBe(2);
  optimizer.dispose();
  weight.dispose();
  expect(tf.memory().numTensors).toBe(0);
});
