/** A spike whose square or sum single precision cannot hold never becomes state: all goes on as if it had not been. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { defineTransform, mul, norm, square } from '@clipkit/core';
import {
  adaGC,
  autoClip,
  byGlobalNorm,
  clip,
  errorFeedback,
  spikeClip,
  truncateGradients,
  zClip,
  type GradientTransform,
} from '@clipkit/clip';
import { randomNumbers } from '@clipkit/core/testing';
import { sgd } from '@clipkit/optimizers';
import { applyNumbers, makeVariables, Recorder, SHAPES, WEIGHTS } from './support/recorder';
import { EVERYWHERE, runOn } from './support/runtimes';

type Lists = readonly (readonly number[])[];

afterEach(() => {
  tf.disposeVariables();
});

/** Remembers a square per element, per variable and per step, as a strategy of a user's own may. */
const remembersSquares = defineTransform({
  kind: 'remembersSquares',
  arguments: () => ({}),
  options: {},
  state: {
    ofElements: { extent: 'element', init: 1 },
    ofVariables: { extent: 'each', init: 1 },
    ofStep: { extent: 'scalar', init: 1 },
  },
  update: ({ gradient, state }) => ({
    gradient: mul(gradient, state['ofStep']!),
    state: {
      ofElements: square(gradient),
      ofVariables: square(norm(gradient, 'each')),
      ofStep: square(norm(gradient, 'scalar')),
    },
  }),
});

const STRATEGIES: Readonly<Record<string, () => GradientTransform>> = {
  zClip: () => zClip({ warmupSteps: 4, maxNorm: Infinity }),
  autoClip: () => autoClip({ window: 5, percentile: 40 }),
  adaGC: () => adaGC({ warmupSteps: 4, absolute: Infinity }),
  spikeClip: () => spikeClip({ decay: 0.9 }),
  'spikeClip without a limit': () => spikeClip({ threshold: Infinity }),
  'errorFeedback, a norm': () => errorFeedback(byGlobalNorm(1)),
  'errorFeedback, truncation': () => errorFeedback(truncateGradients({ fraction: 0.2 })),
  'a strategy that remembers squares': remembersSquares,
};

/** A direction of length 1 that differs from step to step. */
function direction(seed: number): number[][] {
  const next = randomNumbers(seed + 1);
  const values = Array.from({ length: 7 }, next);
  const length = Math.hypot(...values);
  const unit = values.map((each) => each / length);
  return [unit.slice(0, 3), unit.slice(3)];
}
const scaled = (lists: Lists, factor: number): number[][] =>
  lists.map((values) => values.map((each) => Math.min(Math.max(each * factor, -3.4e38), 3.4e38)));
const ordinary = (step: number): number[][] => scaled(direction(step), 1 + 0.1 * Math.sin(step));

/** Runs steps, and returns what each made of its gradient. */
async function run(
  transform: GradientTransform,
  gradients: readonly Lists[],
  afterEachStep: (optimizer: tf.Optimizer) => Promise<void> = async () => {},
): Promise<number[][]> {
  const recorder = new Recorder(0);
  const optimizer = clip(recorder, transform);
  const variables = makeVariables(SHAPES, WEIGHTS);
  const made: number[][] = [];
  try {
    for (const each of gradients) {
      applyNumbers(optimizer, variables, each);
      made.push(SHAPES.flatMap(({ name }) => [...recorder.last[name]!]));
      await afterEachStep(optimizer);
    }
  } finally {
    variables.forEach((variable) => {
      variable.dispose();
    });
    optimizer.dispose();
  }
  return made;
}

/** Nothing saved is NaN or infinite; only places of autoClip's history that are not yet taken hold Infinity. */
async function expectFiniteState(optimizer: tf.Optimizer): Promise<void> {
  const saved = await optimizer.getWeights();
  const count = Number(
    (
      await Promise.all(saved.filter(({ name }) => name.endsWith('autoClip/count')).map(({ tensor }) => tensor.data()))
    )[0]?.[0] ?? 0,
  );
  for (const { name, tensor } of saved) {
    const values = [...(await tensor.data())];
    const free = /history|sorted/.test(name) ? Math.max(0, 5 - count) : 0;
    expect(
      values.filter((value) => !Number.isFinite(value)),
      name,
    ).toEqual(new Array(free).fill(Infinity));
  }
}

const hugeNorm = fc.double({ min: 15, max: 38.9, noNaN: true }).map((exponent) => 10 ** exponent);

for (const runtime of EVERYWHERE) {
  describe(runtime, () => {
    for (const [name, make] of Object.entries(STRATEGIES)) {
      it(`${name}: state and results stay finite through spikes of any size at any step`, () =>
        runOn(runtime, () =>
          fc.assert(
            fc.asyncProperty(
              fc.array(fc.tuple(fc.nat(13), hugeNorm), { minLength: 1, maxLength: 4 }),
              async (spikes) => {
                const steps = Array.from({ length: 14 }, (_, step) => ordinary(step));
                for (const [step, size] of spikes) steps[step] = scaled(direction(step), size);
                const made = await run(make(), steps, expectFiniteState);
                if (name !== 'a strategy that remembers squares') expect(made.flat().every(Number.isFinite)).toBe(true);
              },
            ),
            { numRuns: 6, seed: 11 },
          ),
        ));
    }

    it('zClip: a spike in its warm-up is left out, and outliers are clipped as ever', () =>
      runOn(runtime, () =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(3), fc.double({ min: 20, max: 38.9, noNaN: true })), {
              minLength: 1,
              maxLength: 3,
            }),
            async (spikes) => {
              const steps = [...Array.from({ length: 12 }, (_, step) => ordinary(step)), scaled(direction(99), 1000)];
              const spiked = steps.flatMap((each, step) => [
                ...spikes.filter(([at]) => at === step).map(([, exponent]) => scaled(direction(step), 10 ** exponent)),
                each,
              ]);
              const [plain, disturbed] = [
                await run(STRATEGIES['zClip']!(), steps),
                await run(STRATEGIES['zClip']!(), spiked),
              ];
              expect(disturbed.at(-1)).toEqual(plain.at(-1));
              expect(Math.hypot(...plain.at(-1)!)).toBeLessThan(2);
            },
          ),
          { numRuns: 8, seed: 3 },
        ),
      ));

    it('autoClip and adaGC: a norm beyond single precision is left out', () =>
      runOn(runtime, async () => {
        const spike = [
          [3e38, -3e38, 3e38],
          [3e38, 3e38, 3e38, 3e38],
        ];
        for (const name of ['autoClip', 'adaGC']) {
          const steps = Array.from({ length: 8 }, (_, step) => ordinary(step));
          const make = STRATEGIES[name]!;
          for (const at of [0, 2, 7]) {
            const disturbed = await run(make(), [...steps.slice(0, at), spike, ...steps.slice(at)]);
            if (name === 'autoClip')
              expect(disturbed.filter((_, step) => step !== at)).toEqual(await run(make(), steps));
            else expect(Math.hypot(...disturbed.at(-1)!)).toBeLessThan(2);
          }
        }
      }));

    it('spikeClip: an element of 1e20 is left out of its history, and later spikes are cut', () =>
      runOn(runtime, async () => {
        const steps = Array.from({ length: 6 }, () => [
          [1, 1, 1],
          [1, 1, 1, 1],
        ]);
        const spike = [
          [1, 1e20, 1],
          [1, 1, 1, 1],
        ];
        const later = [
          [1, 1e6, 1],
          [1, 1, 1, 1],
        ];
        for (const at of [0, 3, 6]) {
          const made = await run(spikeClip({ threshold: 100 }), [
            ...steps.slice(0, at),
            spike,
            ...steps.slice(at),
            later,
          ]);
          // The first step's spike is in no history; of a later one the history has what was left after the cut.
          expect(made.at(-1)![1]).toBeLessThanOrEqual(at === 0 ? 10 : 40);
        }
        // θ · v is beyond single precision, its root is not.
        const large = await run(spikeClip(), [
          [
            [1, 1e18, 1],
            [1, 1, 1, 1],
          ],
          [
            [1, 1e20, 1],
            [1, 1, 1, 1],
          ],
        ]);
        expect(large[1]![1]! / (1e18 * Math.sqrt(5000))).toBeCloseTo(1, 5);
      }));

    it('a step that is refused in part is refused whole: nothing that belongs together comes apart', () =>
      runOn(runtime, async () => {
        const optimizer = sgd({ clip: zClip({ warmupSteps: 9 }) });
        const variables = makeVariables(SHAPES, WEIGHTS);
        applyNumbers(optimizer, variables, ordinary(0));
        const values = async (): Promise<number[]> =>
          Promise.all(
            (await optimizer.getWeights())
              .filter(({ name }) => /zClip/.test(name))
              .map(async ({ tensor }) => (await tensor.data())[0]!),
          );
        const before = await values();
        applyNumbers(optimizer, variables, scaled(direction(1), 5e19));
        expect(await values()).toEqual(before);
        applyNumbers(optimizer, variables, ordinary(1));
        expect(await values()).not.toEqual(before);
        optimizer.dispose();
      }));
  });
}
