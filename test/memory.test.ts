/** Who owns memory: the caller its gradients, the optimizer its slots, and a variable is written in place only where nobody can see it. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adam } from '@clipkit/optimizers';
import { clip } from '@clipkit/clip';
import { forceBackend } from '@clipkit/core';

const step = (optimizer: tf.Optimizer, variable: tf.Variable, values: number[]): void => {
  const gradient = tf.tensor(values, variable.shape);
  optimizer.applyGradients([{ name: variable.name, tensor: gradient }] as never);
  gradient.dispose();
};

for (const backend of ['cpu', 'wasm']) {
  describe(backend, () => {
    beforeEach(async () => { await tf.setBackend(backend); });
    afterEach(() => { forceBackend(null); });

    it('does not touch what dataSync() handed out', () => {
      const variable = tf.variable(tf.tensor([1, 2, 3]));
      const before = variable.dataSync();
      step(adam(), variable, [1, 1, 1]);
      expect([...before]).toEqual([1, 2, 3]);
      expect(variable.dataSync()[0]).toBeLessThan(1);
    });

    it('does not touch the array a variable was made from', () => {
      const own = new Float32Array([1, 2, 3]), variable = tf.variable(tf.tensor(own));
      step(adam(), variable, [1, 1, 1]);
      expect([...own]).toEqual([1, 2, 3]);
    });

    it('does not touch a clone or a reshape of a variable, which share its buffer', () => {
      const variable = tf.variable(tf.tensor([1, 2, 3, 4]));
      const clone = tf.clone(variable), square = tf.reshape(variable, [2, 2]);
      step(adam({ globalClipnorm: 1 }), variable, [1, 1, 1, 1]);
      expect([...clone.dataSync()]).toEqual([1, 2, 3, 4]);
      expect([...square.dataSync()]).toEqual([1, 2, 3, 4]);
      expect(variable.dataSync()[0]).toBeLessThan(1);
    });

    it('lets a forward pass after a step see the new weights', () => {
      // XNNPACK packs a weight once and keeps the packed copy by tensor id.
      const weight = tf.variable(tf.ones([4, 4])), x = tf.ones([2, 4]);
      const image = tf.ones([1, 5, 5, 2]) as tf.Tensor4D, filter = tf.variable(tf.ones([3, 3, 2, 4]));
      const product = (): number => tf.tidy(() => tf.matMul(x, weight as tf.Tensor2D).dataSync()[0]!);
      const convolved = (): number => tf.tidy(() => tf.conv2d(image, filter as tf.Tensor4D, 1, 'valid').dataSync()[0]!);
      expect(product()).toBe(4);
      expect(convolved()).toBe(18);
      const optimizer = adam({ learningRate: 0.5 });
      const gradients = [weight, filter].map((variable) => ({ name: variable.name, tensor: tf.onesLike(variable) }));
      optimizer.applyGradients(gradients as never);
      expect(product()).toBeCloseTo(4 * 0.5, 4);
      expect(convolved()).toBeCloseTo(18 * 0.5, 4);
    });

    it('trains, then predicts with the new weights', async () => {
      const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 8, inputShape: [4], activation: 'relu' }), tfl.layers.dense({ units: 1 })] });
      model.compile({ optimizer: adam({ learningRate: 0.05, globalClipnorm: 1 }), loss: 'meanSquaredError' });
      const xs = tf.randomNormal([32, 4], 0, 1, 'float32', 7), ys = tf.sum(xs, 1, true);
      const before = (model.predict(xs) as tf.Tensor).dataSync().slice();
      await model.fit(xs, ys, { epochs: 5, verbose: 0 });
      const after = (model.predict(xs) as tf.Tensor).dataSync().slice();
      const byHand = tf.tidy(() => {
        const [w1, b1, w2, b2] = model.getWeights() as tf.Tensor2D[];
        return tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(xs as tf.Tensor2D, tf.mul(w1!, 1) as tf.Tensor2D), b1!)), tf.mul(w2!, 1) as tf.Tensor2D), b2!).dataSync();
      });
      expect(Math.max(...after.map((value, index) => Math.abs(value - before[index]!)))).toBeGreaterThan(0.01);
      after.forEach((value, index) => { expect(value).toBeCloseTo(byHand[index]!, 4); });
    });

    it('counts a variable that stands in the list twice once', () => {
      const [twice, once] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([2]))];
      const gradient = tf.tensor([3, 4]);
      const entry = (variable: tf.Variable): { name: string; tensor: tf.Tensor } => ({ name: variable.name, tensor: gradient });
      adam({ globalClipnorm: 1 }).applyGradients([entry(twice), entry(twice)] as never);
      adam({ globalClipnorm: 1 }).applyGradients([entry(once)] as never);
      expect([...twice.dataSync()]).toEqual([...once.dataSync()]);
    });

    it('keeps its state when the backend changes in mid-training', async () => {
      const other = backend === 'cpu' ? 'wasm' : 'cpu';
      const run = async (change: boolean): Promise<number[]> => {
        await tf.setBackend(backend);
        const variable = tf.variable(tf.tensor([1, -2, 3])), optimizer = adam({ globalClipnorm: 1 });
        for (let at = 0; at < 6; at++) {
          if (change && at === 2) await tf.setBackend(other);
          forceBackend(change && at >= 4 ? 'eager' : null);
          step(optimizer, variable, [at, 1, -1]);
        }
        forceBackend(null);
        return [...await variable.data()];
      };
      const [stayed, moved] = [await run(false), await run(true)];
      moved.forEach((value, index) => { expect(value).toBeCloseTo(stayed[index]!, 5); });
    });

    it('frees all it made', () => {
      const before = tf.memory();
      const variable = tf.tidy(() => tf.variable(tf.zeros([10])));
      const optimizers = [adam({ globalClipnorm: 1 }), clip(tf.train.adam(), { clipvalue: 1 })];
      for (const optimizer of optimizers) {
        step(optimizer, variable, Array.from({ length: 10 }, (_, index) => index));
        optimizer.dispose();
      }
      variable.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numBytes).toBe(before.numBytes);
    });

    it('forgets the state of variables that were disposed', () => {
      const optimizer = adam();
      const use = (): void => {
        const variable = tf.tidy(() => tf.variable(tf.zeros([100])));
        step(optimizer, variable, new Array<number>(100).fill(1));
        variable.dispose();
      };
      use();
      use();
      const { numTensors } = tf.memory();
      for (let at = 0; at < 5; at++) use();
      expect(tf.memory().numTensors).toBe(numTensors);
      optimizer.dispose();
    });
  });
}
