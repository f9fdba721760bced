/** What registerBackprop puts into tfjs's registry, and that it takes all of it out again. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { kernels, registerBackprop } from '../src';
import type { BackpropOptions } from '../src';
import { heapOf } from '../src/wasm/heap';

const snapshot = (): Map<string, unknown> =>
  new Map(['cpu', 'wasm'].flatMap((name) => tf.getKernelsForBackend(name).map((config) => [`${name}/${config.kernelName}`, config.kernelFunc])));
/** Before 4.6 tfjs had no gradients of pooling on wasm: there ours replace nothing. */
const poolsOnWasm = Number(tf.version_core.split('.')[1]) >= 6;
const isReplacing = ({ kernelName, backendName, replaces }: (typeof kernels)[number]): boolean =>
  replaces && (poolsOnWasm || backendName === 'cpu' || !['MaxPoolGrad', 'AvgPoolGrad'].includes(kernelName));
const names = (backendName: string, replaces: boolean): string[] =>
  kernels.filter((each) => each.backendName === backendName && isReplacing(each) === replaces).map(({ kernelName }) => kernelName);

afterEach(() => registerBackprop().undo());

// First, since a module is imported once: from then on wasm is there.
test('a backend that comes later gets its kernels when it is set', async () => {
  const { registered, replaced } = registerBackprop({ backend: 'wasm' });
  expect([registered, replaced]).toEqual([[], []]);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await import('@tensorflow/tfjs-backend-wasm');
  expect(warn).not.toHaveBeenCalled();
  await tf.setBackend('wasm');
  const later = registerBackprop({ backend: 'wasm' });
  expect(later.registered).toEqual(names('wasm', false));
  expect(later.replaced).toEqual(names('wasm', true));
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  const x = tf.ones<tf.Rank.R4>([1, 4, 4, 1]), dy = tf.ones<tf.Rank.R4>([1, 2, 2, 1]);
  const gradient = tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { strides: 1, pad: 'valid', dataFormat: 'NHWC', filterShape: [3, 3, 1, 1] }) as tf.Tensor;
  expect([...gradient.dataSync()]).toEqual(Array(9).fill(4));
});

test('importing alone changes nothing', () => {
  expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeUndefined();
});

test('both backends without an option; the same twice; undone it is as before', () => {
  const before = snapshot();
  const { registered, replaced, undo } = registerBackprop();
  expect(new Set(registered)).toEqual(new Set(names('wasm', false)));
  expect(new Set(replaced)).toEqual(new Set([...names('wasm', true), ...names('cpu', true)]));
  for (const { kernelName, backendName } of kernels) expect(tf.getKernel(kernelName, backendName)!.kernelFunc).not.toBe(before.get(`${backendName}/${kernelName}`));
  const during = snapshot();
  registerBackprop();
  expect(snapshot()).toEqual(during);
  undo();
  expect(snapshot()).toEqual(before);
  undo();
  expect(snapshot()).toEqual(before);
});

test('one backend only', () => {
  const before = snapshot();
  const { undo } = registerBackprop({ backend: 'cpu' });
  const changed = [...snapshot()].filter(([key, kernelFunc]) => before.get(key) !== kernelFunc).map(([key]) => key);
  expect(changed.every((key) => key.startsWith('cpu/'))).toBe(true);
  expect(changed.length).toBe(names('cpu', true).length + 1);
  undo();
  expect(snapshot()).toEqual(before);
});

test('a kernel that somebody else registers over ours stays when ours go', () => {
  const { undo } = registerBackprop({ backend: 'cpu' });
  const ours = tf.getKernel('Conv2D', 'cpu')!, other = { ...ours, kernelFunc: ours.kernelFunc.bind(null) };
  tf.unregisterKernel('Conv2D', 'cpu');
  tf.registerKernel(other);
  undo();
  expect(tf.getKernel('Conv2D', 'cpu')).toBe(other);
});

test('without SIMD wasm is refused, cpu is not', () => {
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false), warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const before = snapshot();
  expect(() => registerBackprop({ backend: 'wasm' })).toThrow('[backprop] registerBackprop: expected an engine with WebAssembly SIMD');
  expect(snapshot()).toEqual(before);
  const { registered, replaced } = registerBackprop();
  expect([registered, replaced]).toEqual([[], names('cpu', true)]);
  expect(warn).toHaveBeenCalledOnce();
  validate.mockRestore();
  warn.mockRestore();
});

test('a heap that is shared between threads', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024, shared: true });
  const { kernels: compiled } = heapOf({ wasm: { wasmMemory: memory } });
  const values = new Float32Array(memory.buffer);
  values.set([1, 2, 3, 4, 5, 6]);
  compiled.sumRows(0, 64, 2, 3, 1);
  expect([...values.slice(16, 19)]).toEqual([5, 7, 9]);
});

describe('errors', () => {
  test.each([
    [{ backend: 'webgl' }, RangeError, "[backprop] registerBackprop: expected backend 'wasm' or 'cpu', got 'webgl'"],
    [{ backends: 'wasm' }, RangeError, "[backprop] registerBackprop: expected the option 'backend', got 'backends'"],
    ['wasm', TypeError, '[backprop] registerBackprop: expected an options object, got wasm'],
  ])('%j', (options, type, message) => {
    const before = snapshot();
    expect(() => registerBackprop(options as BackpropOptions)).toThrow(type);
    expect(() => registerBackprop(options as BackpropOptions)).toThrow(message);
    expect(snapshot()).toEqual(before);
  });
});
