/** A kernel's frame: a few words on the heap that say where everything is. */
import type { KernelSpec } from '../fused/plan';

/** Words of a frame, by what they hold. */
export interface FrameLayout {
  readonly inputs: number;
  readonly outputs: number;
  readonly units: number;
  readonly unitResults: number;
  readonly rows: number;
  readonly bytes: number;
  readonly blockEnd: number;
  readonly uniforms: number;
  /** An even word: results are doubles. */
  readonly results: number;
  readonly words: number;
}

export function frameOf(spec: KernelSpec): FrameLayout {
  let next = 0;
  const take = (count: number): number => (next += count) - count;
  const words = {
    inputs: take(spec.inputs.length), outputs: take(spec.stores.length), units: take(spec.units.length),
    unitResults: take(spec.reduces.length), rows: take(1), bytes: take(1), blockEnd: take(1), uniforms: take(spec.uniforms.length),
  };
  next += next % 2;
  const results = take(2 * spec.reduces.length);
  return { ...words, results, words: next + (next % 2) };
}

/** Elements summed in single precision before they are promoted to double: 1 KiB. */
export const BLOCK_BYTES = 1024;
/** What one turn of the fast part takes. */
export const STRIDE_BYTES = 64;

/** Whether a kernel has the fast part that sums blocks in single precision. */
export const hasBlocks = (spec: KernelSpec): boolean => spec.reduces.length > 0 && spec.reduces.every((each) => !spec.isUnit(each) && each.attribute !== 'sum');
