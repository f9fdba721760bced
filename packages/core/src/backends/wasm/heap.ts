/** tfjs's wasm heap: views on it, and a scratch area for frames. */

import type * as tf from '@tensorflow/tfjs-core';

/** The part of tfjs's wasm backend that is used here. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    readonly tfjs: { disposeData(id: number): void; registerTensor(id: number, size: number, offset: number): void };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): Buffer };
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
}

/** tfjs's own record of a tensor's memory; it follows the reference count. */
export interface Buffer {
  readonly id: number;
  readonly memoryOffset: Address;
  readonly refCount: number;
}

/** A byte offset into the heap, up to 4 GiB: signed shifts and masks make what lies past 2 GiB negative. */
export type Address = number;

/** The next multiple of sixteen. */
export const aligned = (bytes: number): number => ((bytes + 15) & ~15) >>> 0;

/** Views on the heap, which are lost whenever it grows, and a scratch area for frames. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Words: an address read from them is never negative. */
  uint32!: Uint32Array;
  float32!: Float32Array;
  float64!: Float64Array;
  private buffer: ArrayBufferLike | null = null;
  private address = 0;
  private size = 0;

  constructor(private readonly backend: WasmBackend) {
    const memory = backend.wasm.wasmMemory ?? backend.wasm.asm?.memory;
    if (!memory)
      throw new Error(
        '[core] wasm: the tfjs wasm backend shows no memory; clipkit works with 4.3.0 and later, below 5',
      );
    this.memory = memory;
  }

  /** A 16-byte aligned area of at least that size, the same one for every kernel: launches run one after another. */
  scratch(bytes: number): Address {
    if (bytes > this.size) {
      if (this.address) this.backend.wasm._free(this.address);
      this.size = Math.max(4096, 2 * bytes);
      this.address = this.backend.wasm._malloc(this.size + 16) >>> 0;
      if (!this.address) {
        this.size = 0;
        throw new Error(
          `[core] wasm: no memory for ${bytes} bytes of scratch; dispose tensors or use smaller variables`,
        );
      }
    }
    if (this.buffer !== this.memory.buffer) this.view();
    return aligned(this.address);
  }

  private view(): void {
    const buffer = (this.buffer = this.memory.buffer);
    this.uint32 = new Uint32Array(buffer);
    this.float32 = new Float32Array(buffer);
    this.float64 = new Float64Array(buffer);
  }
}
