/** The backends of tfjs: loads one when it is asked for, and says why one does not run here. */
import { add, ready, setBackend, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { registerBackprop } from '@clipkit/backprop';
import { UsageError, oneOf } from './errors';

interface Backend {
  description: string;
  /** Makes the backend known to tfjs. */
  load(): Promise<unknown>;
  /** What to do where it does not run. */
  help: string;
}

/** An import that a build leaves alone: these packages need not be installed. */
const optional = (name: string): Promise<unknown> => import(/* @vite-ignore */ name);

export const backends = {
  cpu: {
    description: 'plain JavaScript',
    load: () => import('@tensorflow/tfjs-backend-cpu'),
    help: 'It comes with @tensorflow/tfjs-backend-cpu.',
  },
  wasm: {
    description: 'WebAssembly with SIMD, one thread in Node',
    load: () => import('@tensorflow/tfjs-backend-wasm'),
    help: 'It needs a processor and a runtime with WebAssembly SIMD.',
  },
  webgl: {
    description: 'WebGL 2 in browsers',
    load: () => optional('@tensorflow/tfjs-backend-webgl'),
    help: 'WebGL lives in browsers: run the page of your own code there.',
  },
  webgpu: {
    description: 'WebGPU in browsers, and in Node with the package webgpu',
    load: loadWebgpu,
    help: 'In Node install @tensorflow/tfjs-backend-webgpu and webgpu; both need a graphics driver with Vulkan, Metal or Direct3D 12.',
  },
  tensorflow: {
    description: 'libtensorflow through tfjs-node',
    load: () => optional('@tensorflow/tfjs-node'),
    help: 'Install @tensorflow/tfjs-node and let its install script run: it downloads libtensorflow.',
  },
} satisfies Record<string, Backend>;

export type BackendName = keyof typeof backends;

/** Makes the backend the current one, as tfjs has it; a UsageError says why it cannot be. */
export async function useBackend(name: string): Promise<BackendName> {
  const { load, help } = oneOf('backend', backends, name);
  const reason = await attempt(name, load);
  if (reason) throw new UsageError(`[bench] the backend ${name} does not run here: ${reason}. ${help}`);
  return name as BackendName;
}

/** The same for training: with the layer gradients of @clipkit/backprop where they exist. */
export async function useTrainingBackend(name: string): Promise<BackendName> {
  const chosen = await useBackend(name);
  if (chosen === 'wasm' || chosen === 'cpu') registerBackprop({ backend: chosen });
  return chosen;
}

/** Whether each backend runs here; the reason where it does not. */
export async function diagnose(): Promise<{ name: BackendName; description: string; reason: string | null; help: string }[]> {
  const found = [];
  for (const [name, { description, load, help }] of Object.entries(backends)) {
    found.push({ name: name as BackendName, description, help, reason: await attempt(name, load) });
  }
  return found;
}

/** Null when the backend loads, starts and adds two numbers rightly; otherwise what went wrong, on one line. */
async function attempt(name: string, load: () => Promise<unknown>): Promise<string | null> {
  try {
    await load();
    if (!(await setBackend(name))) return 'tfjs could not start it';
    await ready();
    const sum = tidy(() => add(tensor1d([1]), tensor1d([2])));
    const [value] = await sum.data();
    sum.dispose();
    return value === 3 ? null : `1 + 2 is ${value} there`;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' || (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return missing ? `a package is not installed (${first.replace(/ imported from .*/, '')})` : first;
  }
}

/** Node has no navigator.gpu of its own; the package webgpu brings one. */
async function loadWebgpu(): Promise<unknown> {
  const scope = globalThis as { navigator?: { gpu?: unknown } };
  if (!scope.navigator?.gpu) {
    const { create, globals } = (await optional('webgpu')) as { create(flags: string[]): unknown; globals: object };
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, 'navigator', { value: { ...scope.navigator, gpu: create([]) }, configurable: true });
  }
  return optional('@tensorflow/tfjs-backend-webgpu');
}
