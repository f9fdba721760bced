/** Reductions of numbers on the host, in double precision. */
import type { Reduction } from './reductions';

const START: Record<Reduction, number> = { sum: 0, max: -Infinity, norm: 0 };

export const startOf = (kind: Reduction): number => START[kind];

export function accumulate(kind: Reduction, total: number, value: number): number {
  return kind === 'max' ? Math.max(total, value) : kind === 'norm' ? total + value * value : total + value;
}

export const finish = (kind: Reduction, total: number): number => (kind === 'norm' ? Math.sqrt(total) : total);

export function fold(kind: Reduction, values: ArrayLike<number>): number {
  let total = startOf(kind);
  for (let index = 0; index < values.length; index++) total = accumulate(kind, total, values[index]!);
  return finish(kind, total);
}
