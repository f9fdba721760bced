/** Runs a compiled kernel: fills its frame, calls it, and collects what it reduced. */
import type { Reduction } from '../../formula/reductions';
import type { Kernel, Launch } from '../fused/device';
import type { KernelSpec } from '../fused/plan';
import { frameOf, hasBlocks, STRIDE_BYTES, type FrameLayout } from './frame';
import { aligned, type Address, type Heap } from './heap';

/** Sums of squares outside of this range may have lost something to single precision and are taken again in double. */
const SAFE_MIN = 1e-24,
  SAFE_MAX = 1e37;

export class WasmKernel implements Kernel<Address> {
  private readonly frame: FrameLayout;
  private readonly blocks: boolean;
  private readonly kinds: readonly Reduction[];
  private readonly starts: readonly number[];
  private readonly perUnit: boolean;
  private readonly frameBytes: number;

  constructor(
    spec: KernelSpec,
    private readonly call: (frame: Address) => void,
    private readonly heap: Heap,
  ) {
    this.frame = frameOf(spec);
    this.frameBytes = aligned(4 * this.frame.words);
    this.blocks = hasBlocks(spec);
    this.kinds = spec.reduces.map((each) => each.attribute as Reduction);
    this.starts = this.kinds.map((kind) => (kind === 'max' ? -Infinity : 0));
    this.perUnit = spec.units.length > 0 || spec.reduces.some((each) => spec.isUnit(each));
  }

  run(launch: Launch<Address>): void {
    const { frame, heap } = this,
      columns = launch.columns * launch.inner;
    const base = heap.scratch(this.frameBytes + (this.perUnit ? this.unitBytes(launch, columns) : 0));
    const { uint32, float32 } = heap,
      word = base >>> 2;
    const { inputs, outputs } = launch;
    for (let index = 0; index < inputs.length; index++) uint32[word + frame.inputs + index] = inputs[index]!;
    for (let index = 0; index < outputs.length; index++) uint32[word + frame.outputs + index] = outputs[index]!;
    for (let index = 0; index < launch.uniforms.length; index++)
      float32[word + frame.uniforms + index] = launch.uniforms[index]!;
    uint32[word + frame.rows] = launch.rows;
    uint32[word + frame.bytes] = 4 * columns;
    // Maps run pairs of vectors in their fast part, norms blocks of strides.
    uint32[word + frame.blockEnd] = (4 * columns) & (this.blocks ? -STRIDE_BYTES : -32);
    if (this.perUnit) this.placeUnits(launch, base, columns);

    this.clearResults(base);
    this.call(base);
    if (this.blocks && this.isUnsafe(base)) {
      uint32[word + frame.blockEnd] = 0;
      this.clearResults(base);
      this.call(base);
    }
    this.collect(launch, base);
  }

  private clearResults(base: Address): void {
    const first = (base >>> 3) + (this.frame.results >> 1);
    for (let index = 0; index < this.starts.length; index++) this.heap.float64[first + index] = this.starts[index]!;
  }

  private isUnsafe(base: Address): boolean {
    const first = (base >>> 3) + (this.frame.results >> 1);
    for (let index = 0; index < this.kinds.length; index++) {
      const total = this.heap.float64[first + index]!;
      if (this.kinds[index] === 'norm' && !(total >= SAFE_MIN && total <= SAFE_MAX)) return true;
    }
    return false;
  }

  private unitBytes({ units, unitResults }: Launch<Address>, columns: number): number {
    return units.length * aligned(4 * columns) + unitResults.length * 8 * columns;
  }

  /** Puts values per unit behind the frame, and the accumulators of reductions per unit behind those. */
  private placeUnits(launch: Launch<Address>, base: Address, columns: number): void {
    const {
        frame,
        starts,
        heap: { uint32, float32, float64 },
      } = this,
      word = base >>> 2;
    let next = base + this.frameBytes;
    for (let index = 0; index < launch.units.length; index++) {
      uint32[word + frame.units + index] = next;
      spread(launch.units[index]!, float32, next >>> 2, launch.inner);
      next += aligned(4 * columns);
    }
    for (let index = 0; index < launch.unitResults.length; index++) {
      if (!launch.unitResults[index]) continue;
      uint32[word + frame.unitResults + index] = next;
      float64.fill(starts[index]!, next >>> 3, (next >>> 3) + columns);
      next += 8 * columns;
    }
  }

  private collect(launch: Launch<Address>, base: Address): void {
    const {
        kinds,
        frame,
        heap: { uint32, float64 },
      } = this,
      first = (base >>> 3) + (frame.results >> 1);
    for (let index = 0; index < kinds.length; index++) {
      const perUnit = launch.unitResults[index],
        isNorm = kinds[index] === 'norm';
      if (!perUnit) {
        launch.results[index] = isNorm ? Math.sqrt(float64[first + index]!) : float64[first + index]!;
        continue;
      }
      const from = uint32[(base >>> 2) + frame.unitResults + index]! >>> 3;
      const { inner } = launch,
        isMax = kinds[index] === 'max';
      for (let unit = 0; unit < perUnit.length; unit++) {
        let total = float64[from + unit * inner]!;
        for (let at = 1; at < inner; at++)
          total = isMax
            ? Math.max(total, float64[from + unit * inner + at]!)
            : total + float64[from + unit * inner + at]!;
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
  for (let unit = 0; unit < values.length; unit++)
    target.fill(values[unit]!, start + unit * inner, start + (unit + 1) * inner);
}
