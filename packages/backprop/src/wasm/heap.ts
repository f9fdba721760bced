/** Our kernels on the heap of tfjs's wasm backend: instantiated once per backend, scratch memory taken and given back per call. */
import { util } from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelsBase64, memoryLimits } from '../generated/kernels';

/** The part of tfjs's wasm backend that we touch. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  incRef(dataId: object): void;
  disposeData(dataId: object, force?: boolean): boolean;
}

/** The exports of assembly/index.ts: numbers in (a flag is 0 or 1), a number or nothing out. */
type Export =
  | 'addBias' | 'averagePoolGradient' | 'binary' | 'convolveImage' | 'copyRows' | 'depthwiseFilterGradientImage'
  | 'depthwiseInputGradientImage' | 'equal' | 'exportImage' | 'filterGradientImage' | 'gatherRows' | 'importImage'
  | 'inputGradientImage' | 'maxPoolGradient' | 'multiply' | 'multiplyPatches' | 'normalize' | 'packRight' | 'repeat' | 'segmentSum' | 'sumRows' | 'transpose' | 'zero';
export type WasmKernels = Readonly<Record<Export, (...values: number[]) => number>>;

/** A backend with our kernels on its heap. */
export interface Heap {
  readonly backend: WasmBackend;
  readonly kernels: WasmKernels;
  readonly memory: WebAssembly.Memory;
}

const heaps = new WeakMap<WasmBackend, Heap>();

/** The heap of a backend; the kernels are compiled when they are first needed. */
export const heapOf = (backend: unknown): Heap => {
  const own = backend as WasmBackend;
  let heap = heaps.get(own);
  if (!heap) {
    heap = instantiate(own);
    heaps.set(own, heap);
  }
  return heap;
};

const decode = (): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));

/** Whether this engine can run the kernels: they need WebAssembly's SIMD. */
export const simdIsThere = (): boolean => typeof WebAssembly !== 'undefined' && WebAssembly.validate(decode());

const instantiate = (backend: WasmBackend): Heap => {
  const memory = backend.wasm.wasmMemory ?? backend.wasm.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) {
    throw new Error('[backprop] registerBackprop: expected the memory of tfjs-backend-wasm (4.3.0 or later, below 5) at backend.wasm.asm.memory, got none');
  }
  const bytes = decode();
  // The threaded build's memory is shared, and an import must say so: bit 1 of its limits.
  if (typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer) bytes[memoryLimits] = 3;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return { backend, memory, kernels: instance.exports as unknown as WasmKernels };
};

/** Where a tensor's values lie, in bytes; some of tfjs's kernels note an address past 2 GiB as a negative number. */
export const pointerTo = ({ backend }: Heap, tensor: TensorInfo): number =>
  backend.dataIdMap.get(tensor.dataId).memoryOffset >>> 0;

/** A new tensor, whose memory holds whatever it held until `fill` has written it; given back if that fails. */
export const output = (
  heap: Heap, kernelName: string, shape: number[], fill: (target: number) => void, dtype: DataType = 'float32',
): TensorInfo => {
  const made = heap.backend.makeOutput(shape, dtype), target = pointerTo(heap, made);
  try {
    const bytes = util.sizeFromShape(shape) * util.bytesPerElement(dtype);
    if (bytes > 0 && !isThere(heap, target, bytes)) throw outOfMemory(kernelName, bytes);
    fill(target);
    return made;
  } catch (error) {
    heap.backend.disposeData(made.dataId, true);
    throw error;
  }
};

/** A new tensor of zeros. */
export const zeros = (heap: Heap, kernelName: string, shape: number[]): TensorInfo =>
  output(heap, kernelName, shape, (target) => heap.kernels.zero(target, util.sizeFromShape(shape) * 4));

/** Asked for more than 2 GiB, emscripten's malloc can answer with an address whose memory would end behind the heap. */
const isThere = ({ memory }: Heap, pointer: number, bytes: number): boolean =>
  pointer !== 0 && pointer + bytes <= memory.buffer.byteLength;

const outOfMemory = (kernelName: string, bytes: number): Error =>
  new Error(`[backprop] ${kernelName}: expected ${bytes} bytes on the heap of the wasm backend, got none (out of memory)`);

/** A cache line: pieces of scratch memory begin on one. */
const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Runs `use` with scratch memory, one pointer per size in bytes, and gives it back whatever happens. */
export const withScratch = <Result>(
  heap: Heap, kernelName: string, sizes: readonly number[], use: (...pointers: number[]) => Result,
): Result => {
  const { backend } = heap;
  const total = sizes.reduce((sum, bytes) => sum + aligned(bytes), alignment);
  const block = backend.wasm._malloc(total) >>> 0;
  if (!isThere(heap, block, total)) throw outOfMemory(kernelName, total);
  try {
    let next = aligned(block);
    return use(...sizes.map((bytes) => {
      const pointer = next;
      next += aligned(bytes);
      return pointer;
    }));
  } finally {
    backend.wasm._free(block);
  }
};
