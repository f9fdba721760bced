/** What a kernel of this package is. */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

export type BackendName = 'wasm' | 'cpu';

/** One kernel: its tfjs name, its backend, and whether tfjs 4.22 has one of that name that ours takes the place of. */
export interface Kernel {
  readonly kernelName: string;
  readonly backendName: BackendName;
  readonly replaces: boolean;
}

/** What tfjs calls a kernel with. */
export type Arguments = Parameters<KernelFunc>[0];

/** A kernel's function; cases that are not ours go to `stock`, the kernel of tfjs that it replaced. */
export type OwnKernel = (args: Arguments, stock: KernelFunc) => TensorInfo | TensorInfo[];
