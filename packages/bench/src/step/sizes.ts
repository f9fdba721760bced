/** The sets of variables on which steps are timed. */
import { UsageError } from '../errors';

export interface Size {
  name: string;
  shapes: number[][];
}

/** A small network, few large variables, and many small ones, where the work per variable decides. */
export const sizes: Record<string, () => Size> = {
  mnistCnn: () => ({ name: 'mnistCnn', shapes: [[3, 3, 1, 32], [32], [3, 3, 32, 64], [64], [1600, 128], [128], [128, 10], [10]] }),
  large: () => even(4 * 1024 * 1024, 4, 'large'),
  many: () => even(100_000, 100, 'many'),
};

/** `parameters` in `variables` vectors of equal length. */
export function even(parameters: number, variables: number, name = `${parameters}/${variables}`): Size {
  if (parameters % variables !== 0) throw new UsageError(`[bench] step: expected parameters that divide by ${variables} variables, got ${parameters}`);
  return { name, shapes: Array.from({ length: variables }, () => [parameters / variables]) };
}

export const elements = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
