/** A heap that has grown past 2 GiB, where an address no longer fits a signed number: every kernel gives the bits that it gives below. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kernels } from '../src';
import type { WasmBackend } from '../src/wasm/heap';
import { cases } from './support/cases';
import { prepare, run } from './support/kernels';
import { Draw, seeded } from './support/random';

const signed = 2 ** 31, megabyte = 2 ** 20, shapesPerKernel = 40;
const names = kernels.filter(({ backendName }) => backendName === 'wasm').map(({ kernelName }) => kernelName);
const heap = (): WasmBackend => tf.findBackend('wasm') as unknown as WasmBackend;
const taken: number[] = [];

/** Takes memory until pieces of every size come from above 2 GiB. */
const fill = (): void => {
  const { wasm } = heap();
  for (let bytes = 256 * megabyte; bytes >= 16; bytes /= 2) {
    for (let pointer = 0; pointer < signed;) {
      pointer = wasm._malloc(bytes) >>> 0;
      expect(pointer).toBeGreaterThan(0);
      taken.push(pointer);
    }
  }
};

const results = (kernelName: string): unknown[] => Array.from({ length: shapesPerKernel }, (_, seed) => {
  const { operands, attributes } = cases[kernelName]!(new Draw(seeded(seed * 104_729 + 1)));
  return run('wasm', kernelName, operands, attributes);
});

const below = new Map<string, unknown[]>();

beforeAll(async () => {
  await prepare();
  for (const kernelName of names) below.set(kernelName, results(kernelName));
  fill();
});

afterAll(() => {
  for (const pointer of taken) heap().wasm._free(pointer);
});

test('tensors and scratch memory lie above 2 GiB, on a heap of more', () => {
  const { wasm, dataIdMap } = heap(), tensor = tf.ones([3]), scratch = wasm._malloc(64) >>> 0;
  expect(wasm.asm!.memory!.buffer.byteLength).toBeGreaterThan(2.2 * 2 ** 30);
  expect(dataIdMap.get(tensor.dataId).memoryOffset).toBeGreaterThan(signed);
  expect(scratch).toBeGreaterThan(signed);
  wasm._free(scratch);
  tensor.dispose();
});

test.each(names)('%s', (kernelName) => {
  expect(results(kernelName)).toEqual(below.get(kernelName));
});
