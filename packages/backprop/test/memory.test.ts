/** Nothing grows over a thousand steps, and a heap that cannot give memory is reported, not written to. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { layers, metrics, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, test, vi } from 'vitest';
import { registerBackprop } from '../src';
import type { WasmBackend } from '../src/wasm/heap';

const backend = (): WasmBackend => tf.backend() as unknown as WasmBackend;

beforeEach(async () => {
  registerBackprop();
  await tf.setBackend('wasm');
});

test('1 000 steps', () => {
  const model = sequential({ layers: [
    layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
    layers.batchNormalization(),
    layers.averagePooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 3, activation: 'softmax' }),
  ] });
  const images = tf.randomUniform([2, 8, 8, 2], 0, 1, 'float32', 1), labels = tf.tensor2d([[1, 0, 0], [0, 0, 1]]);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable), optimizer = tf.train.sgd(0.01);
  const step = (): void => {
    optimizer.minimize(() => tf.mean(metrics.categoricalCrossentropy(labels, model.apply(images, { training: true }) as tf.Tensor)), false, variables);
  };
  const state = (): unknown => ({ ...tf.memory(), heap: backend().wasm.asm!.memory!.buffer.byteLength, data: tf.backend().numDataIds() });
  for (let index = 0; index < 20; index++) step();
  const before = state();
  for (let index = 0; index < 1000; index++) step();
  expect(state()).toEqual(before);
  for (const variable of variables) expect(tf.tidy(() => tf.all(tf.isFinite(variable)).dataSync()[0])).toBe(1);
});

test('scratch memory and outputs are given back, also when a call fails', () => {
  const { wasm } = backend(), image = tf.ones<tf.Rank.R4>([2, 6, 6, 3]), change = tf.ones<tf.Rank.R4>([2, 6, 6, 5]);
  const gradient = (): unknown => tf.engine().runKernel('Conv2DBackpropFilter', { x: image, dy: change }, { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 3, 5] });
  const taken = new Set<number>(), malloc = wasm._malloc.bind(wasm), free = wasm._free.bind(wasm);
  let fail = -1;
  const mallocs = vi.spyOn(wasm, '_malloc').mockImplementation((bytes) => {
    if (fail-- === 0) return 0;
    const pointer = malloc(bytes);
    taken.add(pointer);
    return pointer;
  });
  const frees = vi.spyOn(wasm, '_free').mockImplementation((pointer) => {
    taken.delete(pointer);
    free(pointer);
  });
  const data = tf.backend().numDataIds();
  tf.dispose(gradient() as tf.Tensor);
  expect(taken.size).toBe(0);
  for (const which of [0, 1]) {
    fail = which;
    expect(gradient).toThrow(/^\[backprop\] Conv2DBackpropFilter: expected \d+ bytes on the heap of the wasm backend, got none \(out of memory\)$/);
    expect(taken.size).toBe(0);
    expect(tf.backend().numDataIds()).toBe(data);
  }
  mallocs.mockRestore();
  frees.mockRestore();
});

test('a heap that grows during a call', () => {
  const memory = backend().wasm.asm!.memory!, before = memory.buffer.byteLength;
  const side = 1024, image = tf.ones<tf.Rank.R4>([1, side, side, 1]), filter = tf.ones<tf.Rank.R4>([3, 3, 1, 8]);
  const made = tf.conv2d(image, filter, 1, 'same');
  expect(memory.buffer.byteLength).toBeGreaterThan(before);
  expect(tf.tidy(() => tf.slice(made, [0, 5, 5, 0], [1, 1, 1, 8]).dataSync())).toEqual(new Float32Array(8).fill(9));
  tf.dispose([image, filter, made]);
});

test('identity shares its values until the last of them is gone', () => {
  const first = tf.tensor1d([1, 2, 3]), second = tf.clone(first);
  first.dispose();
  expect([...second.dataSync()]).toEqual([1, 2, 3]);
  const data = tf.backend().numDataIds();
  second.dispose();
  expect(tf.backend().numDataIds()).toBe(data - 1);
});

test('an address whose memory would end behind the heap is no memory', () => {
  const { wasm } = backend();
  const x = tf.ones([1, 4]);
  const data = tf.backend().numDataIds();
  const end = wasm.asm!.memory!.buffer.byteLength;
  const mallocs = vi.spyOn(wasm, '_malloc').mockImplementation((bytes) => end - bytes + 4);
  const frees = vi.spyOn(wasm, '_free').mockImplementation(() => undefined);
  const repeat = (): unknown => tf.engine().runKernel('Tile', { x }, { reps: [8, 1] });
  expect(repeat).toThrow('[backprop] Tile: expected 128 bytes on the heap of the wasm backend, got none');
  expect(tf.backend().numDataIds()).toBe(data);
  mallocs.mockRestore();
  frees.mockRestore();
  expect((repeat() as tf.Tensor).shape).toEqual([8, 4]);
});
