/** What differs between the fused backends: how a kernel is compiled, and where tensors live. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { KernelSpec } from './plan';

/** Everything a kernel needs on one variable. Arrays are reused from step to step; nothing is allocated to launch. */
export interface Launch<Handle> {
  readonly inputs: Handle[];
  readonly outputs: Handle[];
  readonly uniforms: Float64Array;
  /** Values per output unit. */
  readonly units: Float64Array[];
  /** One per reduction that is not per unit, in the order of the spec's reductions. */
  readonly results: Float64Array;
  readonly unitResults: (Float64Array | null)[];
  /** The elements are [rows, columns, inner]; units run along the columns. */
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

export interface Kernel<Handle> {
  run(launch: Launch<Handle>): void;
}

export interface Device<Handle> {
  readonly name: 'cpu' | 'wasm';
  /** Where a tensor's buffer is. It holds for as long as the tensor does, and within a step. */
  handle(tensor: Tensor): Handle;
  /** A tensor of undefined contents. */
  allocate(shape: readonly number[]): Tensor;
  /** Whether a buffer may be written, because nobody but its variable can see it. */
  exclusive(handle: Handle): boolean;
  /** Told after the buffer of a variable was written. */
  written(handle: Handle, size: number): void;
  compile(spec: KernelSpec): Kernel<Handle>;
}
