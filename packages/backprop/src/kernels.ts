/** The kernels of this package, one row each. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc } from '@tensorflow/tfjs-core';
import { convolutionFilterGradient } from './wasm/filter-gradient';

export type BackendName = 'wasm' | 'cpu';

/** One kernel: its tfjs name, its backend, and whether tfjs 4.22 has one of that name that ours takes the place of. */
export interface Kernel {
  readonly kernelName: string;
  readonly backendName: BackendName;
  readonly replaces: boolean;
}

interface Implementation extends Kernel {
  readonly kernelFunc: KernelFunc;
}

const wasm = (kernelName: string, replaces: boolean, kernelFunc: KernelFunc): Implementation =>
  ({ kernelName, backendName: 'wasm', replaces, kernelFunc });

export const implementations: readonly Implementation[] = [
  wasm(tf.Conv2DBackpropFilter, false, convolutionFilterGradient),
];

/** All kernels that `registerBackprop` can register. */
export const kernels: readonly Kernel[] = implementations.map(({ kernelName, backendName, replaces }) => ({ kernelName, backendName, replaces }));
