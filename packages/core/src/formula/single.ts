/** Where single precision ends, and factors that lie beyond it. */

export const LARGEST_SINGLE = 2 ** 128 - 2 ** 104;
/** The least number that is rounded to Infinity. */
export const SINGLE_OVERFLOW = 2 ** 128 - 2 ** 103;
export const SMALLEST_NORMAL = 2 ** -126;

/** The number as single precision holds it, but finite where it is finite. */
export const bounded = (value: number): number =>
  Number.isFinite(value) ? Math.min(Math.max(value, -LARGEST_SINGLE), LARGEST_SINGLE) : value;

/** Whether single precision loses a factor, in whole or in part: it overflows, or is too small to keep its digits. */
export function isExtreme(factor: number): boolean {
  const size = Math.abs(factor);
  if (size >= SMALLEST_NORMAL && size < SINGLE_OVERFLOW) return false;
  return size !== 0 && size - size === 0;
}

/** How many factors an extreme one is split into: enough to get from any number of single precision to any other. */
export const PARTS = 3;

/**
 * One of the factors whose product is `factor`; all but the last are powers of two. Multiplied one after another they
 * go straight from a number to the product: nothing on the way is larger or smaller than both.
 */
export function part(factor: number, index: number): number {
  if (!isExtreme(factor)) return index === PARTS - 1 ? factor : 1;
  const step = 2 ** Math.trunc(Math.log2(Math.abs(factor)) / PARTS);
  return index === PARTS - 1 ? factor / step / step : step;
}
