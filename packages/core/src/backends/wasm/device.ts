/**
 * The wasm device: kernels emitted at run time, instantiated on the heap of tfjs's own wasm backend, so that nothing
 * is copied.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Cache } from '../../cache';
import { MOST_KERNELS, type Device, type Kernel } from '../fused/device';
import type { KernelSpec } from '../fused/plan';
import { emit } from './emit';
import { Heap, type Address, type Buffer, type WasmBackend } from './heap';
import { WasmKernel } from './kernel';

const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

export class WasmDevice implements Device<Buffer, Address> {
  readonly name = 'wasm';
  readonly placesAreMemory = false;
  private readonly heap: Heap;
  private readonly simd = WebAssembly.validate(SIMD_PROBE);
  private readonly kernels = new Cache<string, WebAssembly.Instance>(MOST_KERNELS);

  constructor(private readonly backend: WasmBackend) {
    this.heap = new Heap(backend);
  }

  handle(tensor: tf.Tensor): Buffer {
    return this.backend.dataIdMap.get(tensor.dataId);
  }

  place({ memoryOffset }: Buffer): Address {
    return memoryOffset;
  }

  allocate(shape: readonly number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.backend.makeOutput(shape, 'float32'));
  }

  exclusive({ refCount }: Buffer): boolean {
    return refCount === 1;
  }

  /** Memory that was moved to another backend, or freed, has lost its last reference. */
  isAlone({ refCount }: Buffer): boolean {
    return refCount === 1;
  }

  /**
   * XNNPACK keeps packed copies of weights by tensor id: announcing the tensor anew drops them, or the next forward
   * pass uses old weights.
   */
  written({ id, memoryOffset }: Buffer, size: number): void {
    this.backend.wasm.tfjs.disposeData(id);
    this.backend.wasm.tfjs.registerTensor(id, size, memoryOffset);
  }

  compile(spec: KernelSpec): Kernel<Address> {
    const { memory } = this.heap;
    const bytes = emit(spec, {
      simd: this.simd,
      shared: typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer,
    });
    // Equal formulas of other optimizers give equal bytes: one instance serves them all.
    const instance = this.kernels.get(
      bytes.join(),
      () => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, pow: Math.pow } }),
    );
    return new WasmKernel(spec, instance.exports['run'] as (frame: Address) => void, this.heap);
  }
}
