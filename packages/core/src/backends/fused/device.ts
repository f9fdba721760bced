/** What differs between the fused backends: how a kernel is compiled, and where tensors live. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { KernelSpec } from './plan';

/** Compiled kernels that a device keeps for the next optimizer with the same formulas. */
export const MOST_KERNELS = 128;

/** Everything a kernel needs on one variable. Arrays are reused from step to step; nothing is allocated to launch. */
export interface Launch<Place> {
  readonly inputs: Place[];
  readonly outputs: Place[];
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

export interface Kernel<Place> {
  run(launch: Launch<Place>): void;
}

/** A handle is the backend's record of a tensor; its place is what a kernel takes, and stays the same while the tensor lives. */
export interface Device<Handle, Place> {
  readonly name: 'cpu' | 'wasm';
  /** Whether a place is the memory itself rather than an address. */
  readonly placesAreMemory: boolean;
  handle(tensor: Tensor): Handle;
  place(handle: Handle): Place;
  /** A tensor of undefined contents. */
  allocate(shape: readonly number[]): Tensor;
  /** Whether a buffer may be written, because nobody but its variable can see it. */
  exclusive(handle: Handle): boolean;
  /** Whether the memory is still this device's, and only one tensor's. */
  isAlone(handle: Handle): boolean;
  /** Told after the buffer of a variable was written. */
  written(handle: Handle, size: number): void;
  compile(spec: KernelSpec): Kernel<Place>;
}
