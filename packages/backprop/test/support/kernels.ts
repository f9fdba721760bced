/** Runs single kernels, of tfjs or ours, on plain arrays: no engine, no switching of backends. */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendName } from '../../src';
import { registerBackprop } from '../../src';

export interface Operand {
  shape: number[];
  values: Float32Array | Int32Array | Uint8Array;
}
export type Operands = Record<string, Operand>;
export type Attributes = Record<string, unknown>;

const make = (backend: tf.KernelBackend, { shape, values }: Operand): TensorInfo => {
  const dtype: DataType = values instanceof Int32Array ? 'int32' : values instanceof Uint8Array ? 'bool' : 'float32';
  return { dataId: backend.write(values, shape, dtype), shape, dtype };
};

const registered = (backendName: BackendName, kernelName: string): KernelFunc => {
  const found = tf.getKernel(kernelName, backendName);
  if (!found) throw new Error(`${backendName} has no kernel ${kernelName}`);
  return found.kernelFunc;
};

export interface Result {
  shape: number[];
  dtype: DataType;
  values: Float32Array;
}

/** Runs a kernel, by default the one that is registered now; several outputs come as one list of sides and values. */
export const run = (
  backendName: BackendName, kernelName: string, operands: Operands, attrs: Attributes, kernelFunc = registered(backendName, kernelName),
): Result => {
  const backend = tf.findBackend(backendName);
  const inputs = Object.fromEntries(Object.entries(operands).map(([name, operand]) => [name, make(backend, operand)]));
  try {
    const given = kernelName === tf.Concat ? Object.values(inputs) as unknown as tf.NamedTensorInfoMap : inputs;
    const results = [kernelFunc({ inputs: given, attrs: attrs as tf.NamedAttrMap, backend })].flat();
    const values = results.flatMap(({ dataId }) => [...backend.readSync(dataId) as Float32Array]);
    for (const { dataId } of results) backend.disposeData(dataId);
    const { dtype } = results[0]!;
    return { shape: results.flatMap(({ shape }) => shape), dtype, values: Float32Array.from(values) };
  } finally {
    for (const { dataId } of Object.values(inputs)) backend.disposeData(dataId);
  }
};

/** tfjs's own cpu kernels, taken before ours replaced them: the reference. */
const reference = new Map<string, KernelFunc>();

/** Both backends up, ours registered, the reference kept. */
export const prepare = async (): Promise<void> => {
  await tf.setBackend('cpu');
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) reference.set(kernelName, kernelFunc);
  await tf.setBackend('wasm');
  registerBackprop();
};

export const runReference = (kernelName: string, operands: Operands, attrs: Attributes): Result =>
  run('cpu', kernelName, operands, attrs, reference.get(kernelName));

/** The largest difference, relative to the largest expected value. */
export const difference = (got: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (got.length !== expected.length) return Infinity;
  let largest = 0, apart = 0;
  for (let index = 0; index < expected.length; index++) {
    const gap = Math.abs(got[index]! - expected[index]!);
    if (Number.isNaN(gap)) return Infinity;
    largest = Math.max(largest, Math.abs(expected[index]!));
    apart = Math.max(apart, gap);
  }
  return apart === 0 ? 0 : apart / largest;
};

/** Whether values agree to 1e-4 of the largest; what is not finite agrees with itself alone. */
export const same = (got: ArrayLike<number>, expected: ArrayLike<number>): boolean => {
  if (got.length !== expected.length) return false;
  const { isFinite } = Number;
  const finite = (values: ArrayLike<number>): number[] => Array.from(values, (value) => (isFinite(value) ? value : 0));
  const others = (values: ArrayLike<number>): string =>
    Array.from(values, (value) => (isFinite(value) ? '' : String(value))).join();
  return others(got) === others(expected) && difference(finite(got), finite(expected)) < 1e-4;
};
