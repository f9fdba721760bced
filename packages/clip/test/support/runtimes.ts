/** The three ways to run: tf ops on cpu, which is the oracle, and the fused programs on cpu and wasm. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { forceBackend } from '@clipkit/core';

export const RUNTIMES = ['eager', 'cpu', 'wasm'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export async function runOn<T>(runtime: Runtime, body: () => T | Promise<T>): Promise<T> {
  await tf.setBackend(runtime === 'eager' ? 'cpu' : runtime);
  forceBackend(runtime === 'eager' ? 'eager' : null);
  try {
    return await body();
  } finally {
    forceBackend(null);
  }
}
