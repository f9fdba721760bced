/** The three ways to run: tf ops on cpu, which is the oracle, and the fused programs on cpu and wasm. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { forceBackend } from '@clipkit/core';

export const RUNTIMES = ['eager', 'cpu', 'wasm'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** These, tf ops on wasm, and tf ops as they run on a GPU, where no tensor may be looked at. */
export const EVERYWHERE = [...RUNTIMES, 'eager on wasm', 'eager on a device'] as const;

type How = readonly [backend: string, forced: Parameters<typeof forceBackend>[0]];
const HOW: Readonly<Record<(typeof EVERYWHERE)[number], How>> = {
  eager: ['cpu', 'eager'],
  cpu: ['cpu', null],
  wasm: ['wasm', null],
  'eager on wasm': ['wasm', 'eager'],
  'eager on a device': ['cpu', 'eagerOnDevice'],
};

export async function runOn<T>(runtime: (typeof EVERYWHERE)[number], body: () => T | Promise<T>): Promise<T> {
  const [backend, forced] = HOW[runtime];
  await tf.setBackend(backend);
  forceBackend(forced);
  try {
    return await body();
  } finally {
    forceBackend(null);
  }
}
