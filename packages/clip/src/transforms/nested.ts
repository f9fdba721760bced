/** What a transform may run inside itself. */
import { expected, isTransform, type GradientTransform } from '@clipkit/core';

/** Refuses what works only at the top of a chain: accumulation, and transforms of the weights. However deep it is nested. */
export function checkNested(owner: string, name: string, value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach((each) => { checkNested(owner, name, each); });
  } else if (isTransform(value)) {
    const { kind, period, stage, options } = value as GradientTransform;
    if (period > 1 || stage !== 'gradient') throw new TypeError(expected(owner, name, 'a transform that works on a single gradient', kind));
    Object.values(options).forEach((each) => { checkNested(owner, name, each); });
  }
}
