/** The course of a run, thinned where it has many steps. */
import type { Curves } from '../results/schema';
import { finite, round } from '../statistics';

export interface Trace {
  loss: number[];
  norm: number[];
  clippedNorm: number[];
}

/** At most `points` points: losses averaged, norms by their largest, null where a value is not finite. */
export function thin({ loss, norm, clippedNorm }: Trace, points = 600): Curves {
  const width = Math.max(1, Math.ceil(loss.length / points));
  const starts = Array.from({ length: Math.ceil(loss.length / width) }, (_, index) => index * width);
  const reduced = (values: number[], reduce: (part: number[]) => number) =>
    starts.map((start) => {
      const value = finite(reduce(values.slice(start, start + width)));
      return value === null ? null : round(value);
    });
  const largest = (part: number[]) => Math.max(...part);
  return { step: starts.map((start) => start + 1), loss: reduced(loss, mean), norm: reduced(norm, largest), clippedNorm: reduced(clippedNorm, largest) };
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
