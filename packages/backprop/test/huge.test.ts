/** One tensor of more than 2 GiB, whose size no longer fits a signed number. tfjs's heap must be able to grow past 2 GiB for it. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test } from 'vitest';
import { registerBackprop } from '../src';
import type { WasmBackend } from '../src/wasm/heap';

// 16 bytes, doubled again and again, come to 2 GiB exactly, then to an address 0.
test('a tensor of more than 2 GiB', async () => {
  registerBackprop();
  await tf.setBackend('wasm');
  const backend = tf.backend() as unknown as WasmBackend;
  const x = tf.tensor2d([[1, 2, 3, 4]]);
  const rows = 2 ** 27 + 2 ** 25;
  const made = tf.engine().runKernel('Tile', { x }, { reps: [rows, 1] }) as tf.Tensor;
  const { buffer } = backend.wasm.asm!.memory!;
  const start = backend.dataIdMap.get(made.dataId).memoryOffset;
  for (const row of [0, 1, 2 ** 26, 2 ** 27 - 1, 2 ** 27, rows - 1]) {
    expect([...new Float32Array(buffer, start + row * 16, 4)]).toEqual([1, 2, 3, 4]);
  }
  tf.dispose([x, made]);
});
