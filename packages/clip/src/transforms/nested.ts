/** What a transform may run inside itself. */
import { checkNestedTransforms } from '@clipkit/core';

/** Refuses what works only at the top of a chain: accumulation, and transforms of the weights. However deep it is nested. */
export const checkNested = (owner: string, name: string, value: unknown): void => {
  checkNestedTransforms(owner, name, value, 'gradient');
};
