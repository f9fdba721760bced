/** Every finite gradient gives a finite, right result, though norms and their inverses leave single precision. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  accumulateGradients,
  adaGC,
  adaptiveClip,
  autoClip,
  byBlockRms,
  byGlobalNorm,
  byNorm,
  byValue,
  centralizeGradients,
  clip,
  clipGradients,
  clipWeights,
  errorFeedback,
  normalizeGradients,
  perGroup,
  softClip,
  spikeClip,
  zClip,
  type GradientTransform,
} from '@clipkit/clip';
import { sgd } from '@clipkit/optimizers';
import { applyNumbers, makeVariables, Recorder, SHAPES, WEIGHTS } from './support/recorder';
import { EVERYWHERE, runOn } from './support/runtimes';

type Numbers = readonly number[];
type Lists = readonly Numbers[];

const { fround } = Math;

afterEach(() => {
  tf.disposeVariables();
});

/** In float64, where nothing here overflows. */
const length = (values: Numbers, ord = 2): number => {
  const largest = Math.max(...values.map(Math.abs));
  if (ord === Infinity || largest === 0) return largest;
  return largest * values.reduce((total, each) => total + Math.abs(each / largest) ** ord, 0) ** (1 / ord);
};
const limited = (norm: number, limit: number): number => (norm <= limit ? 1 : limit / norm);
const jointly =
  (factor: (norm: number) => number, ord = 2) =>
  (lists: Lists): number[][] => {
    const scale = factor(length(lists.flat(), ord));
    return lists.map((values) => values.map((each) => each * scale));
  };
const singly =
  (factor: (norm: number, size: number) => number, ord = 2) =>
  (lists: Lists): number[][] =>
    lists.map((values) => values.map((each) => each * factor(length(values, ord), values.length)));
const columns = (values: Numbers): number[][] => [0, 1].map((unit) => values.filter((_, at) => at % 2 === unit));
const adapted = (gradient: Numbers, weight: Numbers): number => {
  const limit = 0.01 * Math.max(length(weight), 1e-3);
  const norm = length(gradient);
  return norm > limit ? limit / Math.max(norm, 1e-6) : 1;
};

/** Each strategy with what its first step makes of a gradient, c being a threshold. */
const STRATEGIES: Readonly<Record<string, (c: number) => readonly [GradientTransform, (lists: Lists) => number[][]]>> =
  {
    ...(Object.fromEntries(
      [1, 1.5, 2, 3, Infinity].flatMap((ord) => [
        [
          `byGlobalNorm, ord ${ord}`,
          (c: number) => [byGlobalNorm(c, { ord }), jointly((norm) => limited(norm, c), ord)],
        ],
        [`byNorm, ord ${ord}`, (c: number) => [byNorm(c, { ord }), singly((norm) => limited(norm, c), ord)]],
      ]),
    ) as Record<string, (c: number) => readonly [GradientTransform, (lists: Lists) => number[][]]>),
    'byGlobalNorm, minNorm': (c) => [
      byGlobalNorm(Infinity, { minNorm: c }),
      jointly((norm) => (norm > 0 && norm < c ? c / norm : 1)),
    ],
    normalizeGradients: (c) => [normalizeGradients({ to: c }), jointly((norm) => (norm > 0 ? c / norm : 1))],
    softClip: (c) => [softClip(c), jointly((norm) => 1 / (1 + norm / c))],
    byBlockRms: (c) => [byBlockRms(c), singly((norm, size) => limited(norm / Math.sqrt(size), c))],
    adaptiveClip: () => [
      adaptiveClip(),
      ([vector, matrix]) => {
        const unit = columns(matrix!).map((column, index) => adapted(column, columns(WEIGHTS[1]!)[index]!));
        return [
          vector!.map((each) => each * adapted(vector!, WEIGHTS[0]!)),
          matrix!.map((each, at) => each * unit[at % 2]!),
        ];
      },
    ],
    zClip: (c) => [zClip({ maxNorm: c }), jointly((norm) => limited(norm, c))],
    adaGC: (c) => [adaGC({ absolute: c }), jointly((norm) => limited(norm, c))],
    autoClip: () => [autoClip(), jointly(() => 1)],
    spikeClip: () => [spikeClip(), jointly(() => 1)],
    errorFeedback: (c) => [errorFeedback(byGlobalNorm(c)), jointly((norm) => limited(norm, c))],
    perGroup: (c) => [
      perGroup([{ match: 'vector', use: byNorm(c) }], { rest: byGlobalNorm(c) }),
      singly((norm) => limited(norm, c)),
    ],
    byValue: (c) => [
      byValue(c),
      (lists) => lists.map((values) => values.map((each) => Math.min(Math.max(each, -c), c))),
    ],
  };

const INPUTS: Readonly<Record<string, Lists>> = {
  '3e38 once': [
    [3e38, 0, 0],
    [0, 0, 0, 0],
  ],
  '3e38 four times': [
    [3e38, -3e38, 0],
    [3e38, 0, 0, 3e38],
  ],
  'the largest number everywhere': [
    [3.4e38, 3.4e38, -3.4e38],
    [3.4e38, 3.4e38, 3.4e38, 3.4e38],
  ],
  '1e38 alone': [
    [0, 0, 0],
    [0, 1e38, 0, 0],
  ],
  '1e20': [
    [1e20, -1e20, 3e20],
    [1e20, 0, 0, 1e19],
  ],
  '1e-30': [
    [1e-30, 0, -2e-30],
    [0, 3e-30, 0, 1e-31],
  ],
  '3e-39': [
    [3e-39, 0, 0],
    [0, 3e-39, -3e-39, 0],
  ],
  '1e-44': [
    [1e-44, 0, 0],
    [0, 0, 0, 3e-44],
  ],
  'of all sizes': [
    [3e38, 1e-30, 1],
    [1e-44, 1e20, -3e38, 3e-39],
  ],
};

function changed(transform: GradientTransform | readonly GradientTransform[], lists: Lists, calls = 1): number[][] {
  const recorder = new Recorder(0);
  const optimizer = clip(recorder, transform);
  const variables = makeVariables(SHAPES, WEIGHTS);
  for (let call = 0; call < calls; call++) applyNumbers(optimizer, variables, lists);
  variables.forEach((variable) => {
    variable.dispose();
  });
  optimizer.dispose();
  return SHAPES.map(({ name }) => [...recorder.last[name]!]);
}

/** The least step of single precision at zero, times what rounding a small product in parts may add up. */
const DENORMAL = 4e-45;
function expectNear(actual: Lists, wanted: Lists): void {
  const largest = Math.max(...wanted.flat().map(Math.abs));
  actual.flat().forEach((value, at) => {
    expect(Math.abs(value - wanted.flat()[at]!)).toBeLessThanOrEqual(1e-5 * largest + DENORMAL);
  });
  const norm = length(wanted.flat());
  expect(Math.abs(length(actual.flat()) - norm)).toBeLessThanOrEqual(1e-5 * norm + 4 * DENORMAL);
}

const single = (lists: Lists): number[][] => lists.map((values) => values.map(fround));
/** Any finite number of single precision, each exponent as likely as any other. */
const anySize = fc
  .tuple(
    fc.integer({ min: -148, max: 127 }),
    fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }),
    fc.constantFrom(-1, 1, 0),
  )
  .map(([exponent, mantissa, sign]) => Math.min(Math.max(fround(sign * mantissa * 2 ** exponent), -3.4e38), 3.4e38));

for (const runtime of EVERYWHERE) {
  describe(runtime, () => {
    for (const [name, make] of Object.entries(STRATEGIES)) {
      it(`${name}: from 1e-44 to 3e38`, () =>
        runOn(runtime, () => {
          for (const lists of Object.values(INPUTS).map(single)) {
            for (const c of [1e-3, 1, 1e3]) {
              const [transform, wanted] = make(c);
              expectNear(changed(transform, lists), wanted(lists));
            }
          }
        }));

      it(`${name}: any sizes`, () =>
        runOn(runtime, () => {
          fc.assert(
            fc.property(
              fc.array(anySize, { minLength: 7, maxLength: 7 }),
              fc.double({ min: -6, max: 6, noNaN: true }),
              (values, exponent) => {
                const lists = [values.slice(0, 3), values.slice(3)];
                const [transform, wanted] = make(10 ** exponent);
                const expectation = wanted(lists);
                // Where the right answer itself is no number of single precision there is nothing to ask.
                if (expectation.flat().every((each) => Math.abs(each) < 3.4e38))
                  expectNear(changed(transform, lists), expectation);
              },
            ),
            { numRuns: 12, seed: 7 },
          );
        }));
    }

    it('the mean of huge micro-batches, and of huge units', () =>
      runOn(runtime, () => {
        const huge = single([
          [3e38, -3e38, 1e38],
          [3e38, 3e38, 3e38, 3e38],
        ]);
        expectNear(changed([accumulateGradients(3)], huge, 3), huge);
        expectNear(changed(centralizeGradients(), huge), [huge[0]!, [0, 0, 0, 0]]);
      }));

    it('a residual that no number holds is the largest one, and an infinite gradient still shows', () =>
      runOn(runtime, () => {
        const huge = single([
          [3e38, 0, 0],
          [3e38, 0, 0, 0],
        ]);
        expectNear(changed(errorFeedback(byGlobalNorm(1)), huge, 4), jointly((norm) => 1 / norm)(huge));
        expect(
          changed(
            errorFeedback(byNorm(1)),
            [
              [Infinity, 0, 0],
              [0, 0, 0, 0],
            ],
            1,
          )[0]!.every(Number.isNaN),
        ).toBe(true);
      }));

    it('weights of any size', () =>
      runOn(runtime, () => {
        const variables = makeVariables(SHAPES, [
          [3e38, 3e38, -3e38],
          [1e20, 0, 1e-44, 3e38],
        ]);
        const optimizer = sgd({ learningRate: 0, clip: clipWeights({ norm: 2 }) });
        applyNumbers(optimizer, variables, WEIGHTS);
        variables.forEach((variable) => {
          expect(length([...variable.dataSync()])).toBeCloseTo(2, 5);
        });
        optimizer.dispose();
      }));

    it('a finite gradient whose norm is beyond single precision is finite to policies, reports and clipGradients', () =>
      runOn(runtime, async () => {
        const huge = single(INPUTS['the largest number everywhere']!);
        for (const nonFinite of ['skip', 'throw'] as const) {
          const optimizer = sgd({ learningRate: 1, globalClipnorm: 1, nonFinite });
          const variables = makeVariables(SHAPES, [
            [0, 0, 0],
            [0, 0, 0, 0],
          ]);
          await optimizer.report();
          applyNumbers(optimizer, variables, huge);
          expectNear(
            variables.map((variable) => [...variable.dataSync()]),
            huge.map((values) => values.map((each) => -Math.sign(each) / Math.sqrt(7))),
          );
          const { nonFinite: found, norm, clipped } = await optimizer.report();
          expect([found.steps, clipped, Number.isFinite(norm)]).toEqual([0, true, true]);
          variables.forEach((variable) => {
            variable.dispose();
          });
          optimizer.dispose();
        }
        const tensors = huge.map((values) => tf.tensor1d(values));
        const { norm } = clipGradients(tensors, { globalClipnorm: 1 });
        expect(norm.dataSync()[0]).toBeCloseTo(3.4028235e38, -33);
      }));

    it('an observed step without any gradient', () =>
      runOn(runtime, async () => {
        const optimizer = sgd({ globalClipnorm: 1 });
        await optimizer.report();
        optimizer.applyGradients([]);
        await expect(optimizer.report()).resolves.toBeDefined();
        optimizer.dispose();
      }));
  });
}

for (const runtime of EVERYWHERE) {
  it(`${runtime}: elements far below a norm near the end of single precision keep their digits`, () =>
    runOn(runtime, () => {
      const lists: Lists = [
        [3e38, 3e38, 3e-32],
        [2e-31, 0, 1e31, -3e-35],
      ];
      for (const [transform, factor] of [
        [softClip(Infinity), 1],
        [byGlobalNorm(4e38), 4e38 / length(lists.flat())],
        [normalizeGradients({ to: 3e38 }), 3e38 / length(lists.flat())],
      ] as const) {
        const recorder = new Recorder();
        const optimizer = clip(recorder, transform);
        const variables = makeVariables(SHAPES, WEIGHTS);
        applyNumbers(optimizer, variables, lists);
        SHAPES.forEach(({ name }, index) => {
          recorder.last[name]!.forEach((got, at) => {
            const wanted = lists[index]![at]! * factor;
            expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-5 * Math.abs(wanted));
          });
        });
        optimizer.dispose();
        tf.dispose(variables);
      }
    }));
}
