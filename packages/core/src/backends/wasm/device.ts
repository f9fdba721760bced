/** The wasm device: kernels emitted at run time, instantiated on the heap of tfjs's own wasm backend, so that nothing is copied. */
import * as tf from '@tensorflow/tfjs-core';
import type { Device, Kernel, Launch } from '../fused/device';
import type { KernelSpec } from '../fused/plan';
import type { Reduction } from '../../formula/reductions';
import { emit, frameOf, hasBlocks, STRIDE_BYTES } from './emit';

/** The part of tfjs's wasm backend that is used here. */
interface WasmBackend {
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
interface Buffer {
  readonly id: number;
  readonly memoryOffset: Address;
  readonly refCount: number;
}

/** A byte offset into the heap. */
type Address = number;

const SIMD_PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

export class WasmDevice implements Device<Buffer> {
  readonly name = 'wasm';
  private readonly heap: Heap;
  private readonly simd = WebAssembly.validate(SIMD_PROBE);
  private readonly kernels = new Map<string, WebAssembly.Instance>();

  constructor(private readonly backend: WasmBackend) {
    this.heap = new Heap(backend);
  }

  handle(tensor: tf.Tensor): Buffer {
    return this.backend.dataIdMap.get(tensor.dataId);
  }

  allocate(shape: readonly number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.backend.makeOutput(shape, 'float32'));
  }

  exclusive({ refCount }: Buffer): boolean {
    return refCount === 1;
  }

  /** XNNPACK keeps packed copies of weights by tensor id: announcing the tensor anew drops them, or the next forward pass uses old weights. */
  written({ id, memoryOffset }: Buffer, size: number): void {
    this.backend.wasm.tfjs.disposeData(id);
    this.backend.wasm.tfjs.registerTensor(id, size, memoryOffset);
  }

  compile(spec: KernelSpec): Kernel<Buffer> {
    const { memory } = this.heap;
    const bytes = emit(spec, { simd: this.simd, shared: typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer });
    // Equal formulas of other optimizers give equal bytes: one instance serves them all.
    const key = bytes.join();
    let instance = this.kernels.get(key);
    if (!instance) {
      instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, pow: Math.pow } });
      this.kernels.set(key, instance);
    }
    return new WasmKernel(spec, instance.exports['run'] as (frame: Address) => void, this.heap);
  }
}

/** Views on the heap, which are lost whenever it grows, and a scratch area for frames. */
class Heap {
  readonly memory: WebAssembly.Memory;
  int32!: Int32Array;
  float32!: Float32Array;
  float64!: Float64Array;
  private buffer: ArrayBufferLike | null = null;
  private address = 0;
  private size = 0;

  constructor(private readonly backend: WasmBackend) {
    const memory = backend.wasm.wasmMemory ?? backend.wasm.asm?.memory;
    if (!memory) throw new Error('[core] wasm: the tfjs wasm backend shows no memory; the tested versions are 4.22');
    this.memory = memory;
  }

  /** A 16-byte aligned area of at least that size, the same one for every kernel: launches run one after another. */
  scratch(bytes: number): Address {
    if (bytes > this.size) {
      if (this.address) this.backend.wasm._free(this.address);
      this.size = Math.max(4096, 2 * bytes);
      this.address = this.backend.wasm._malloc(this.size + 16);
      if (!this.address) {
        this.size = 0;
        throw new Error(`[core] wasm: no memory for ${bytes} bytes of scratch; dispose tensors or use smaller variables`);
      }
    }
    if (this.buffer !== this.memory.buffer) this.view();
    return (this.address + 15) & ~15;
  }

  private view(): void {
    const buffer = this.buffer = this.memory.buffer;
    this.int32 = new Int32Array(buffer);
    this.float32 = new Float32Array(buffer);
    this.float64 = new Float64Array(buffer);
  }
}

/** Sums of squares outside of this range may have lost something to single precision and are taken again in double. */
const SAFE_MIN = 1e-24, SAFE_MAX = 1e37;

class WasmKernel implements Kernel<Buffer> {
  private readonly frame;
  private readonly blocks: boolean;
  private readonly kinds: readonly Reduction[];
  private readonly starts: readonly number[];
  private readonly perUnit: boolean;
  private readonly frameBytes: number;

  constructor(spec: KernelSpec, private readonly call: (frame: Address) => void, private readonly heap: Heap) {
    this.frame = frameOf(spec);
    this.frameBytes = (4 * this.frame.words + 15) & ~15;
    this.blocks = hasBlocks(spec);
    this.kinds = spec.reduces.map((each) => each.attribute as Reduction);
    this.starts = this.kinds.map((kind) => (kind === 'max' ? -Infinity : 0));
    this.perUnit = spec.units.length > 0 || spec.reduces.some((each) => spec.isUnit(each));
  }

  run(launch: Launch<Buffer>): void {
    const { frame, heap } = this, columns = launch.columns * launch.inner;
    const base = heap.scratch(this.frameBytes + (this.perUnit ? this.unitBytes(launch, columns) : 0));
    const { int32, float32 } = heap, word = base >> 2;
    for (let index = 0; index < launch.inputs.length; index++) int32[word + frame.inputs + index] = launch.inputs[index]!.memoryOffset;
    for (let index = 0; index < launch.outputs.length; index++) int32[word + frame.outputs + index] = launch.outputs[index]!.memoryOffset;
    for (let index = 0; index < launch.uniforms.length; index++) float32[word + frame.uniforms + index] = launch.uniforms[index]!;
    int32[word + frame.rows] = launch.rows;
    int32[word + frame.bytes] = 4 * columns;
    // Maps run pairs of vectors in their fast part, norms blocks of strides.
    int32[word + frame.blockEnd] = (4 * columns) & (this.blocks ? -STRIDE_BYTES : -32);
    if (this.perUnit) this.placeUnits(launch, base, columns);

    this.clearResults(base);
    this.call(base);
    if (this.blocks && this.isUnsafe(base)) {
      int32[word + frame.blockEnd] = 0;
      this.clearResults(base);
      this.call(base);
    }
    this.collect(launch, base);
  }

  private clearResults(base: Address): void {
    const first = (base >> 3) + (this.frame.results >> 1);
    for (let index = 0; index < this.starts.length; index++) this.heap.float64[first + index] = this.starts[index]!;
  }

  private isUnsafe(base: Address): boolean {
    const first = (base >> 3) + (this.frame.results >> 1);
    for (let index = 0; index < this.kinds.length; index++) {
      const total = this.heap.float64[first + index]!;
      if (this.kinds[index] === 'norm' && !(total >= SAFE_MIN && total <= SAFE_MAX)) return true;
    }
    return false;
  }

  private unitBytes({ units, unitResults }: Launch<Buffer>, columns: number): number {
    return units.length * ((4 * columns + 15) & ~15) + unitResults.length * 8 * columns;
  }

  /** Puts values per unit behind the frame, and the accumulators of reductions per unit behind those. */
  private placeUnits(launch: Launch<Buffer>, base: Address, columns: number): void {
    const { frame, starts, heap: { int32, float32, float64 } } = this, word = base >> 2;
    let next = base + this.frameBytes;
    for (let index = 0; index < launch.units.length; index++) {
      int32[word + frame.units + index] = next;
      spread(launch.units[index]!, float32, next >> 2, launch.inner);
      next += (4 * columns + 15) & ~15;
    }
    for (let index = 0; index < launch.unitResults.length; index++) {
      if (!launch.unitResults[index]) continue;
      int32[word + frame.unitResults + index] = next;
      float64.fill(starts[index]!, next >> 3, (next >> 3) + columns);
      next += 8 * columns;
    }
  }

  private collect(launch: Launch<Buffer>, base: Address): void {
    const { kinds, frame, heap: { int32, float64 } } = this, first = (base >> 3) + (frame.results >> 1);
    for (let index = 0; index < kinds.length; index++) {
      const perUnit = launch.unitResults[index], isNorm = kinds[index] === 'norm';
      if (!perUnit) {
        launch.results[index] = isNorm ? Math.sqrt(float64[first + index]!) : float64[first + index]!;
        continue;
      }
      const from = int32[(base >> 2) + frame.unitResults + index]! >> 3, { inner } = launch, isMax = kinds[index] === 'max';
      for (let unit = 0; unit < perUnit.length; unit++) {
        let total = float64[from + unit * inner]!;
        for (let at = 1; at < inner; at++) total = isMax ? Math.max(total, float64[from + unit * inner + at]!) : total + float64[from + unit * inner + at]!;
        perUnit[unit] = isNorm ? Math.sqrt(total) : total;
      }
    }
  }
}

/** Writes each unit's value as often as it has neighbouring elements. */
function spread(values: Float64Array, target: Float32Array, start: number, inner: number): void {
  if (inner === 1) {
    target.set(values, start);
    return;
  }
  for (let unit = 0; unit < values.length; unit++) target.fill(values[unit]!, start + unit * inner, start + (unit + 1) * inner);
}
