/**
 * The life of an optimizer: random sequences of steps, freezing, saving, loading elsewhere under other names, changes
 * of backend and of lists, accumulation and averages. Whatever happens, the weights are to the bit those of a twin that
 * was never saved or loaded, and nearly those of a plain float64 reference.
 *
 * CLIPKIT_LIFE_RUNS sequences per optimizer (default 24), from CLIPKIT_LIFE_SEED (default 20240607).
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, it, vi } from 'vitest';
import { NAMES, SHAPES } from './life/casts';
import type { Life } from './life/checks';
import { tell } from './life/moves';
import { plan } from './life/plan';
import { RECIPES, type Recipe } from './life/recipes';
import { live } from './life/run';
import { wishes } from './life/wishes';

const RUNS = Number(process.env['CLIPKIT_LIFE_RUNS'] ?? 24);
const SEED = Number(process.env['CLIPKIT_LIFE_SEED'] ?? 20240607);

/** A life, which fast-check prints as a list of what was done. */
function livesOf(recipe: Recipe): fc.Arbitrary<Life> {
  return fc
    .record({
      wanted: wishes,
      cast: fc.constantFrom(...Object.keys(NAMES)),
      shapes: fc.constantFrom(...Object.keys(SHAPES)),
      home: fc.constantFrom('cpu' as const, 'wasm' as const),
      turns: fc.boolean(),
    })
    .map(({ wanted, cast, shapes, home, turns }) => {
      const names = NAMES[cast]!;
      const moves = plan(wanted, { recipe, names, turns });
      const told = [
        `on ${home}, shapes ${shapes}, names ${JSON.stringify(names)}`,
        ...moves.map((move, index) => `${index + 1}. ${tell(move)}`),
      ];
      return { recipe, names, shapes: SHAPES[shapes]!, home, moves, [fc.toStringMethod]: () => told.join('\n  ') };
    });
}

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    await tf.ready();
  }
});

describe('a life is as long as its steps, whatever happens between', () => {
  for (const [name, recipe] of Object.entries(RECIPES)) {
    it(name, () =>
      fc.assert(fc.asyncProperty(livesOf(recipe), live), { numRuns: RUNS, seed: SEED, includeErrorInReport: true }),
    );
  }
});
