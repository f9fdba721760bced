/** Core's own transforms keep the contract. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describe, it } from 'vitest';
import { byGlobalNorm, byNorm, byValue, chain, linear, type GradientTransform } from '@clipkit/core';
import { transformContract } from '@clipkit/core/testing';

const SUBJECTS: Record<string, () => GradientTransform | readonly GradientTransform[]> = {
  byValue: () => byValue(0.5),
  'byValue, an interval': () => byValue([-0.1, 0.7]),
  byNorm: () => byNorm(0.3),
  'byNorm, ord 1': () => byNorm(0.3, { ord: 1 }),
  'byNorm, ord 3': () => byNorm(0.3, { ord: 3 }),
  'byNorm, ord Infinity': () => byNorm(0.3, { ord: Infinity }),
  byGlobalNorm: () => byGlobalNorm(1),
  'byGlobalNorm, ord 1.5': () => byGlobalNorm(1, { ord: 1.5 }),
  'byGlobalNorm, minNorm': () => byGlobalNorm(Infinity, { minNorm: 1e4 }),
  'byGlobalNorm, scheduled': () => byGlobalNorm(linear({ from: 2, to: 0.1, steps: 8 })),
  'a chain': () => chain(byValue(2), byNorm(1), byGlobalNorm(0.8)),
};

for (const [name, make] of Object.entries(SUBJECTS)) {
  describe(name, () => {
    for (const check of transformContract(make)) it(check.name, check.run);
  });
}
