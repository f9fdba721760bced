/** Defects of tfjs's own optimizers that these do not have. Where stock shows one without harm, the test shows that it does. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { Scene, scalarPath } from '@clipkit/core/testing';
import { adam, adamax, fuse, momentum, rmsprop, sgd } from '@clipkit/optimizers';

function insideTidy<O>(make: () => O): O {
  let made: O | undefined;
  tf.tidy(() => { made = make(); });
  return made!;
}

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => { await tf.setBackend(backend); });

  it('SGD and Momentum take a changed learningRate', () => {
    const change = <O extends tf.Optimizer>(optimizer: O): O => Object.assign(optimizer, { learningRate: 0.5 });
    expect(scalarPath(change(tf.train.sgd(1)), [1])).toEqual([-1]);
    expect(scalarPath(change(sgd({ learningRate: 1 })), [1])).toEqual([-0.5]);
    expect(scalarPath(change(momentum({ learningRate: 1 })), [1])).toEqual([-0.5]);
  });

  it('Momentum made inside a tidy still works after it, and dispose leaves nothing', () => {
    expect(() => scalarPath(insideTidy(() => tf.train.momentum(1, 0.5)), [1, 1])).toThrow();
    expect(scalarPath(insideTidy(() => momentum({ learningRate: 1, momentum: 0.5 })), [1, 1])).toEqual([-1, -2.5]);
    const { numTensors } = tf.memory();
    scalarPath(momentum(), [1, 1]);
    expect(tf.memory().numTensors).toBe(numTensors);
    scalarPath(tf.train.momentum(1, 0.5), [1, 1]);
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
  });

  it('centered RMSProp gives no NaN for a zero gradient in its first step, nor for one that does not change', () => {
    expect(scalarPath(tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true), [0])).toEqual([NaN]);
    expect(scalarPath(rmsprop({ learningRate: 0.1, centered: true }), [0, 1, 0]).every(Number.isFinite)).toBe(true);
    expect(scalarPath(rmsprop({ learningRate: 0.1, centered: true }), Array<number>(400).fill(1234.5)).every(Number.isFinite)).toBe(true);
    const fused = fuse(tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true));
    expect(scalarPath(fused, [0])).toEqual([0]);
  });

  it('Adam: setting weights again frees the old ones', async () => {
    const scene = new Scene(adam()).train(0, 2), { optimizer } = scene;
    const saved = await Promise.all((await optimizer.getWeights()).map(async ({ name, tensor }) => ({ name, tensor: tf.tensor(await tensor.data(), tensor.shape, tensor.dtype) })));
    await optimizer.setWeights(saved);
    scene.train(2, 3);
    const { numTensors } = tf.memory();
    for (let time = 0; time < 4; time++) {
      await optimizer.setWeights(saved);
      scene.train(2, 3);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose(saved.map(({ tensor }) => tensor));
    scene.dispose();
  });

  it('Adamax can be saved', async () => {
    await expect(tf.train.adamax(0.1).getWeights()).rejects.toThrow();
    const scene = new Scene(adamax()).train(0, 1);
    expect((await scene.optimizer.getWeights()).length).toBe(2 + 3 * scene.variables.length);
    scene.dispose();
  });

  it('Adam\'s correction is exact: a constant gradient moves by the learning rate each step, however slow the averages', () => {
    for (const beta2 of [0.999, 0.9999]) {
      const steps = 300, last = scalarPath(adam({ learningRate: 1e-3, beta2 }), Array<number>(steps).fill(0.7)).at(-1)!;
      expect(Math.abs(last / (-1e-3 * steps) - 1), `beta2 = ${beta2}`).toBeLessThan(3e-6);
    }
    // One minus a power in single precision: the first step is off by what beta2 = 0.9999 rounds away.
    expect(Math.abs(scalarPath(tf.train.adam(1e-3, 0.9, 0.9999), [0.7])[0]! / -1e-3 - 1)).toBeGreaterThan(1e-5);
  });

  it('a variable that stands in the list twice, as a layer of two nested models does, moves once', () => {
    const weight = tf.variable(tf.scalar(1)), gradient = tf.scalar(1), optimizer = sgd({ learningRate: 0.25 });
    optimizer.applyGradients([{ name: weight.name, tensor: gradient }, { name: weight.name, tensor: gradient }]);
    expect(weight.dataSync()[0]).toBe(0.75);
    tf.dispose([weight, gradient]);
    optimizer.dispose();
  });
});
