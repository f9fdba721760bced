/** The part of tfjs's cpu backend that we touch: tensors are typed arrays in the JavaScript heap. */
import { util } from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

interface CpuBackend {
  readonly data: { get(dataId: object): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: DataType, values: Float32Array): TensorInfo;
}

export const valuesOf = (backend: unknown, { dataId }: TensorInfo): Float32Array => (backend as CpuBackend).data.get(dataId).values;

export const tensorOf = (backend: unknown, shape: number[], values: Float32Array): TensorInfo =>
  (backend as CpuBackend).makeTensorInfo(shape, 'float32', values);

/** A new tensor of zeros. */
export const zeros = (backend: unknown, shape: number[]): TensorInfo =>
  tensorOf(backend, shape, new Float32Array(util.sizeFromShape(shape)));
