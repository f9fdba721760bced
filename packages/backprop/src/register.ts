/** Puts our kernels into tfjs's registry, and takes them out again. */
import { findBackendFactory, getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { rangeError, typeError } from './errors';
import type { BackendName } from './kernel';
import { implementations } from './kernels';
import { simdIsThere } from './wasm/heap';

export interface BackpropOptions {
  /** Only this backend; without it both. */
  backend?: BackendName;
}

export interface BackpropRegistration {
  /** Names of kernels that tfjs did not have; grows when a backend arrives later. */
  readonly registered: readonly string[];
  /** Names of tfjs's kernels that ours took the place of; grows likewise. */
  readonly replaced: readonly string[];
  /** Puts tfjs's own kernels back. */
  undo(): void;
}

const backends: readonly BackendName[] = ['wasm', 'cpu'];

/** A kernel that computes nothing: tfjs calls its `setupFunc` whenever the backend is set, which is when a late backend's kernels are there. */
const marker = 'ClipkitBackprop';

/** Per backend, what we put in and what was there before. */
const installed = new Map<BackendName, Map<string, { own: KernelConfig; stock: KernelConfig | undefined }>>();

const install = (backendName: BackendName): void => {
  const entries = installed.get(backendName);
  if (!entries || findBackendFactory(backendName) === null) return;
  for (const { kernelName, run, backendName: target } of implementations) {
    if (target !== backendName) continue;
    const stock = getKernel(kernelName, backendName);
    if (stock && stock === entries.get(kernelName)?.own) continue;
    if (stock) unregisterKernel(kernelName, backendName);
    const fallback = stock?.kernelFunc ?? (() => {
      throw rangeError(kernelName, 'inputs of float32 (tfjs has no kernel for others here)', 'others');
    });
    // tfjs's kernel still serves as the fallback, so what it sets up and lets go of stays in place.
    const own: KernelConfig = { ...stock, kernelName, backendName, kernelFunc: (args) => run(args, fallback) };
    registerKernel(own);
    entries.set(kernelName, { own, stock });
  }
};

const uninstall = (backendName: BackendName): void => {
  for (const [kernelName, { own, stock }] of installed.get(backendName) ?? []) {
    if (getKernel(kernelName, backendName) !== own) continue;
    unregisterKernel(kernelName, backendName);
    if (stock) registerKernel(stock);
  }
  if (installed.delete(backendName)) unregisterKernel(marker, backendName);
};

const chosen = (options: BackpropOptions): readonly BackendName[] => {
  if (typeof options !== 'object' || options === null) throw typeError('registerBackprop', 'an options object', options);
  for (const key of Object.keys(options)) {
    if (key !== 'backend') throw rangeError('registerBackprop', "the option 'backend'", `'${key}'`);
  }
  const { backend } = options;
  if (backend === undefined) return backends;
  if (!backends.includes(backend)) throw rangeError('registerBackprop', "backend 'wasm' or 'cpu'", `'${String(backend)}'`);
  return [backend];
};

/**
 * Registers the gradient kernels that tfjs lacks on wasm and replaces its slow ones on wasm and cpu.
 *
 * Calling it again changes nothing. It may be called before a backend is imported or set: what is missing then is registered when
 * the backend is set. `undo()` puts tfjs's kernels back, for everybody who registered ours.
 *
 * @param options.backend only 'wasm' or only 'cpu'; default both
 * @throws RangeError for another backend or an unknown option; Error for 'wasm' on an engine without WebAssembly SIMD (without the
 *   option: a warning, and cpu only)
 */
export const registerBackprop = (options: BackpropOptions = {}): BackpropRegistration => {
  const asked = chosen(options), simd = !asked.includes('wasm') || simdIsThere();
  const without = 'expected an engine with WebAssembly SIMD (every current browser, Node >= 16.4), got one without';
  if (!simd && options.backend === 'wasm') throw new Error(`[backprop] registerBackprop: ${without}`);
  if (!simd) console.warn(`[backprop] registerBackprop: ${without}; only cpu is registered`);
  const names = simd ? asked : asked.filter((backendName) => backendName !== 'wasm');
  for (const backendName of names) {
    // Another copy of this package (ESM beside CommonJS) may have registered already.
    if (!installed.has(backendName) && getKernel(marker, backendName)) continue;
    if (!installed.has(backendName)) {
      installed.set(backendName, new Map());
      registerKernel({
        kernelName: marker,
        backendName,
        kernelFunc: () => { throw rangeError(marker, 'a kernel of tfjs', 'the marker of @clipkit/backprop'); },
        setupFunc: () => install(backendName),
      });
    }
    install(backendName);
  }
  const list = (replaced: boolean): string[] => [...new Set(names.flatMap((backendName) =>
    [...installed.get(backendName) ?? []].filter(([, { stock }]) => (stock !== undefined) === replaced).map(([name]) => name)))];
  return {
    get registered() { return list(false); },
    get replaced() { return list(true); },
    undo: () => names.forEach(uninstall),
  };
};
