/** Which of our backends serves the backend that tfjs runs on now. */
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './backend';
import { CpuDevice, canGenerate } from './cpu/device';
import { eager, eagerOnDevice } from './eager/eager';
import { fusedBackend } from './fused/fused';
import { WasmDevice } from './wasm/device';

const fused = new WeakMap<object, Backend>();
const FORCED = { eager, eagerOnDevice } as const;
let forced: keyof typeof FORCED | null = null;

/**
 * For tests and benchmarks: every optimizer uses tf ops until this is taken back with null. `eagerOnDevice` looks at no
 * tensor, as on a GPU, wherever they are.
 */
export function forceBackend(name: keyof typeof FORCED | null): void {
  forced = name;
}

/** The fused backend of tfjs's current one, else the eager one. */
export function currentBackend(): Backend {
  if (forced) return FORCED[forced];
  const backend = tf.backend() as object;
  let found = fused.get(backend);
  if (!found) {
    found = make(tf.getBackend(), backend);
    fused.set(backend, found);
  }
  return found;
}

function make(name: string, backend: object): Backend {
  if (name === 'wasm' && 'wasm' in backend && 'dataIdMap' in backend)
    return fusedBackend(new WasmDevice(backend as ConstructorParameters<typeof WasmDevice>[0]));
  if (name === 'cpu' && 'data' in backend && canGenerate())
    return fusedBackend(new CpuDevice(backend as ConstructorParameters<typeof CpuDevice>[0]));
  return eager;
}
