/** Every strategy keeps the contract: on each backend, in a fused step and around a stock optimizer. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describe, it } from 'vitest';
import { transformContract } from '@clipkit/core/testing';
import { STRATEGIES } from './support/strategies';

/** Under `propagate` a micro-batch of NaN has to show in the step that it is part of; test/accumulation.test.ts says what follows. */
const shows = (name: string, check: string): boolean => name.startsWith('accumulateGradients') && check.includes('keeps its state finite');

for (const [name, make] of Object.entries(STRATEGIES)) {
  describe(name, () => {
    for (const check of transformContract(make)) if (!shows(name, check.name)) it(check.name, check.run);
  });
}
