/** Every optimizer keeps the contract: eager, cpu and wasm agree, state is saved, nothing leaks, inputs stay as they are. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describe, it } from 'vitest';
import { optimizerContract } from '@clipkit/core/testing';
import { SUBJECTS } from './support/subjects';

const EVERYTHING = { weightDecay: 0.05, excludeFromWeightDecay: ['gain', /bias/], emaMomentum: 0.9, globalClipnorm: 1 };

for (const [name, make] of Object.entries(SUBJECTS)) {
  describe(name, () => {
    for (const { name: check, run } of optimizerContract((nonFinite) => make({ ...(nonFinite && { nonFinite }) }))) it(check, run);
  });
  describe(`${name}, with all common options`, () => {
    for (const { name: check, run } of optimizerContract((nonFinite) => make({ ...EVERYTHING, ...(nonFinite && { nonFinite }) }), { backends: ['wasm'] })) it(check, run);
  });
}
