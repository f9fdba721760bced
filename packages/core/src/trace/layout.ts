/** How a variable's elements fall into output units: [rows, units, inner], unit-wise norms running over rows and inner. */
import type { VariableInfo } from '../formula/formula';

export interface Layout {
  readonly rows: number;
  readonly units: number;
  readonly inner: number;
}

/** Overrides the units of a variable; undefined keeps the default. */
export type LayoutOf = (name: string, shape: readonly number[]) => Layout | undefined;

const product = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

/**
 * tfjs kernels are IO and HWIO, so a unit is an index of the last axis. Two cannot be told by their shape and go by name: a depthwise kernel
 * keeps its last two axes, a transposed convolution has its outputs on axis 2. Vectors and scalars are one unit.
 */
export function defaultLayout(name: string, shape: readonly number[]): Layout {
  const size = product(shape);
  if (shape.length < 2 || size === 0) return { rows: size, units: 1, inner: 1 };
  if (shape.length === 4 && /depthwise_kernel|depthwiseKernel/.test(name)) return split(shape, 2, 4);
  if (shape.length === 4 && /conv2d_?transpose/i.test(name)) return split(shape, 2, 3);
  return split(shape, shape.length - 1, shape.length);
}

const split = (shape: readonly number[], from: number, to: number): Layout => ({
  rows: product(shape.slice(0, from)), units: product(shape.slice(from, to)), inner: product(shape.slice(to)),
});

/** The name without the `_N` that tfjs appends when a variable of that name is alive already. */
export const canonicalName = (name: string): string => name.replace(/_\d+$/, '');

export function describe(name: string, shape: readonly number[], layoutOf?: LayoutOf): VariableInfo {
  const { rows, units, inner } = layoutOf?.(name, shape) ?? defaultLayout(name, shape);
  return { name, canonicalName: canonicalName(name), shape, size: product(shape), rank: shape.length, rows, units, inner };
}
