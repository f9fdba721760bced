/** Medians and quartiles as results files hold them. */
import { mean, quantileSorted, sampleStandardDeviation } from 'simple-statistics';
import type { Spread } from './results/schema';

/** The number, or null where it is not finite. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Median and quartiles of the numbers, three significant digits past what they vary by; null for none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((first, second) => first - second);
  if (!sorted.length) return { median: null, lower: null, upper: null };
  const at = (share: number) => round(quantileSorted(sorted, share));
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}

/** Six significant digits: enough for any table, and short in a file. */
export const round = (value: number): number => Number(value.toPrecision(6));

/** Mean and its standard error; null where a value was not finite, and no error from a single value. */
export function meanOf(values: readonly (number | null)[]): { mean: number | null; error: number | null } {
  if (!values.length || values.includes(null)) return { mean: null, error: null };
  const numbers = values as number[];
  return { mean: mean(numbers), error: numbers.length > 1 ? sampleStandardDeviation(numbers) / Math.sqrt(numbers.length) : null };
}
