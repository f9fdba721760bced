/** The cpu device: kernels are JavaScript functions made at run time, on the typed arrays of tfjs's cpu backend. */
import * as tf from '@tensorflow/tfjs-core';
import { Cache } from '../../cache';
import { MOST_KERNELS, type Device, type Kernel, type Launch } from '../fused/device';
import type { KernelSpec } from '../fused/plan';
import { emit } from './emit';

/** The part of tfjs's cpu backend that is used here. */
interface CpuBackend {
  readonly data: { get(dataId: object): Bucket };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

/** tfjs's own record of a tensor's memory; it follows the reference count. */
interface Bucket {
  readonly values: Float32Array;
  readonly refCount: number;
}

type Build = () => (launch: Launch<Float32Array>) => void;
const FunctionConstructor = Function as unknown as new (body: string) => Build;

/** Whether code may be made from text here; a Content-Security-Policy can forbid it. */
export function canGenerate(): boolean {
  try {
    return new FunctionConstructor('return true')() as unknown as boolean;
  } catch {
    return false;
  }
}

export class CpuDevice implements Device<Bucket, Float32Array> {
  readonly name = 'cpu';
  readonly placesAreMemory = true;
  private readonly kernels = new Cache<string, Kernel<Float32Array>>(MOST_KERNELS);

  constructor(private readonly backend: CpuBackend) {}

  handle(tensor: tf.Tensor): Bucket {
    return this.backend.data.get(tensor.dataId);
  }

  allocate(shape: readonly number[]): tf.Tensor {
    const size = shape.reduce((all, each) => all * each, 1);
    return tf.engine().makeTensorFromTensorInfo(this.backend.makeTensorInfo(shape, 'float32', new Float32Array(size)));
  }

  place({ values }: Bucket): Float32Array {
    return values;
  }

  /** Never: dataSync() hands out the live array, and tf.tensor(array) takes the user's own. */
  exclusive(): boolean {
    return false;
  }

  /** Memory that was moved to another backend has lost its last reference; what was disposed says so itself. */
  isAlone({ refCount }: Bucket): boolean {
    return refCount === 1;
  }

  written(): void {}

  compile(spec: KernelSpec): Kernel<Float32Array> {
    const source = emit(spec);
    return this.kernels.get(source, () => ({ run: new FunctionConstructor(source)() }));
  }
}
