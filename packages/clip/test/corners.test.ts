/** The corner matrix: what clipping does with zeros, infinities, NaN, 1e20, 1e-30 and thresholds of 0 and Infinity, alike on every backend. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { sgd } from '@clipkit/optimizers';
import { byGlobalNorm, byNorm, byValue, clip, normalizeGradients, softClip, type GradientTransform } from '@clipkit/clip';
import { applyNumbers, makeVariables, SHAPES } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

type Numbers = readonly number[];
/** Gradients of a vector and of a matrix. */
type Pair = readonly [Numbers, Numbers];
type Clipping = (threshold: number) => GradientTransform;

const ZERO: Pair = [[0, 0, 0], [0, 0, 0, 0]];
const SMALL: Pair = [[0.1, -0.2, 0.3], [-0.1, 0.02, 0.3, 0.4]];
const NANS: Pair = [[NaN, NaN, NaN], [NaN, NaN, NaN, NaN]];
const { fround } = Math;

const OPTIMIZERS: Record<string, (transform: GradientTransform) => tf.Optimizer> = {
  'around tf.train.sgd': (transform) => clip(tf.train.sgd(1), transform),
  fused: (transform) => sgd({ learningRate: 1, clip: transform }),
};

afterEach(() => { tf.disposeVariables(); });

/** What the variables were moved by: w starts at 0 and the rate is 1, so this is the clipped gradient, bit for bit. */
function clipped(optimizer: tf.Optimizer, gradients: readonly (Numbers | null)[], shapes = SHAPES): number[][] {
  const variables = makeVariables(shapes, shapes.map(({ shape }) => new Array<number>(shape.reduce((all, each) => all * each, 1)).fill(0)));
  applyNumbers(optimizer, variables, gradients);
  const moved = variables.map((variable) => Array.from(variable.dataSync(), (value) => 0 - value));
  variables.forEach((variable) => { variable.dispose(); });
  optimizer.dispose();
  return moved;
}

const single = (pair: Pair): number[][] => pair.map((values) => values.map(fround));
const length = (values: readonly number[]): number => Math.hypot(...values);
const all = (pair: readonly (readonly number[])[]): number[] => pair.flat();
const scaled = (pair: Pair, factor: number): number[][] => pair.map((values) => values.map((each) => each * factor));

function expectClose(actual: number[][], wanted: number[][]): void {
  const largest = Math.max(...all(wanted).map(Math.abs));
  actual.forEach((values, index) => { values.forEach((value, at) => { expect(Math.abs(value - wanted[index]![at]!)).toBeLessThanOrEqual(3e-6 * largest); }); });
}

/** Each row: a threshold, an input, and what byGlobalNorm, byNorm and byValue make of it; `same` means bit for bit. */
interface Row {
  readonly name: string;
  readonly threshold: number;
  readonly input: Pair;
  readonly byGlobalNorm: number[][] | 'same';
  readonly byNorm: number[][] | 'same';
  readonly byValue: number[][] | 'same';
}
const spoilt = (value: number): Pair => [[0.1, value, 0.3], SMALL[1]];
const alone = (value: number[]): number[][] => [value, [...SMALL[1]].map(fround)];
const hugePair: Pair = [[1e20, -1e20, 0], [1e20, 1e20, -1e20, 1e20]];
const ROWS: readonly Row[] = [
  { name: 'all zero', threshold: 1, input: ZERO, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'N < c', threshold: 1, input: SMALL, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'N = c', threshold: 5, input: [[3, 0, 4], [0, 0, 0, 0]], byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'N = c = 1', threshold: 1, input: [[0, -1, 0], [0, 0, 0, 0]], byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  ...[Infinity, -Infinity].map((value) => ({ name: `one ${value}`, threshold: 1, input: spoilt(value), byGlobalNorm: NANS.map((each) => [...each]), byNorm: alone([NaN, NaN, NaN]), byValue: alone([fround(0.1), Math.sign(value), fround(0.3)]) })),
  { name: 'one NaN', threshold: 1, input: spoilt(NaN), byGlobalNorm: NANS.map((each) => [...each]), byNorm: alone([NaN, NaN, NaN]), byValue: alone([fround(0.1), NaN, fround(0.3)]) },
  { name: '1e20', threshold: 1, input: hugePair, byGlobalNorm: scaled(hugePair, 1e-20 / Math.sqrt(6)), byNorm: [scaled(hugePair, 1e-20 / Math.sqrt(2))[0]!, scaled(hugePair, 1e-20 / 2)[1]!], byValue: hugePair.map((values) => values.map(Math.sign)) },
  { name: '1e-30', threshold: 1, input: scaled(SMALL, 1e-30) as unknown as Pair, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'c = Infinity', threshold: Infinity, input: SMALL, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'c = Infinity, 1e20', threshold: Infinity, input: hugePair, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
  { name: 'c = Infinity, one Infinity', threshold: Infinity, input: spoilt(Infinity), byGlobalNorm: NANS.map((each) => [...each]), byNorm: alone([NaN, NaN, NaN]), byValue: 'same' },
  { name: 'c = 0', threshold: 0, input: SMALL, byGlobalNorm: scaled(ZERO, 1), byNorm: scaled(ZERO, 1), byValue: scaled(ZERO, 1) },
  { name: 'c = 0 = N', threshold: 0, input: ZERO, byGlobalNorm: 'same', byNorm: 'same', byValue: 'same' },
];
const CLIPPINGS: Record<'byGlobalNorm' | 'byNorm' | 'byValue', Clipping> = { byGlobalNorm, byNorm, byValue };

for (const runtime of RUNTIMES) {
  for (const [how, optimizer] of Object.entries(OPTIMIZERS)) {
    describe(`${how}, on ${runtime}`, () => {
      for (const row of ROWS) {
        for (const [name, make] of Object.entries(CLIPPINGS)) {
          it(`${name}: ${row.name}`, () => runOn(runtime, () => {
            const wanted = row[name as keyof typeof CLIPPINGS], actual = clipped(optimizer(make(row.threshold)), row.input);
            if (wanted === 'same') {
              expect(actual).toEqual(scaled(single(row.input) as unknown as Pair, 1));
            } else if (all(wanted).some((value) => !Number.isFinite(value)) || all(wanted).every((value) => value === 0)) {
              expect(actual.map((values) => values.map((value) => value + 0))).toEqual(wanted.map((values) => values.map((value) => value + 0)));
            } else expectClose(actual, wanted);
          }));
        }
      }

      it('brings 1e20 to a norm of exactly 1', () => runOn(runtime, () => {
        expect(length(all(clipped(optimizer(byGlobalNorm(1)), hugePair)))).toBeCloseTo(1, 6);
        clipped(optimizer(byNorm(1)), hugePair).forEach((values) => { expect(length(values)).toBeCloseTo(1, 6); });
      }));

      it('scales 1e-30 up where that is asked for, and leaves zero at zero', () => runOn(runtime, () => {
        const tiny = scaled(SMALL, 1e-30) as unknown as Pair, wanted = scaled(SMALL, 2 / length(all(SMALL)));
        for (const transform of [normalizeGradients({ to: 2 }), byGlobalNorm(Infinity, { minNorm: 2 })]) {
          expectClose(clipped(optimizer(transform), tiny), wanted);
          expect(clipped(optimizer(transform), ZERO)).toEqual(scaled(ZERO, 1));
        }
      }));

      it('bends smoothly at every threshold', () => runOn(runtime, () => {
        expect(clipped(optimizer(softClip(Infinity)), SMALL)).toEqual(single(SMALL));
        expect(all(clipped(optimizer(softClip(0)), SMALL)).every((value) => value === 0)).toBe(true);
        expect(all(clipped(optimizer(softClip(0)), ZERO)).every((value) => value === 0)).toBe(true);
        expectClose(clipped(optimizer(softClip(2)), SMALL), scaled(SMALL, 2 / (2 + length(all(SMALL)))));
        expectClose(clipped(optimizer(softClip(2)), hugePair), scaled(hugePair, 2 / (1e20 * Math.sqrt(6))));
      }));

      it('leaves alone what has no gradient or no elements, and counts it nowhere', () => runOn(runtime, () => {
        const shapes = [SHAPES[0]!, { name: 'empty', shape: [0, 4] }, { name: 'frozen', shape: [2] }, SHAPES[1]!];
        for (const make of [byGlobalNorm, byNorm, byValue]) {
          const [vector, empty, frozen, matrix] = clipped(optimizer(make(0.1)), [SMALL[0], [], null, SMALL[1]], shapes);
          expect([empty, frozen]).toEqual([[], [0, 0]]);
          expect([vector, matrix]).toEqual(clipped(optimizer(make(0.1)), SMALL));
        }
      }));

      it('does nothing without gradients', () => runOn(runtime, () => {
        for (const make of [byGlobalNorm, byNorm, byValue]) {
          const made = optimizer(make(1));
          expect(() => { made.applyGradients([]); made.applyGradients({}); }).not.toThrow();
          expect(clipped(made, [null, null])).toEqual(scaled(ZERO, 1));
        }
      }));
    });
  }
}

describe('thresholds that are none', () => {
  for (const [name, make] of Object.entries(CLIPPINGS)) {
    for (const threshold of [-1, -Infinity, NaN]) it(`${name}(${threshold}) is refused`, () => { expect(() => make(threshold)).toThrow(RangeError); });
    it(`${name}('1') is refused`, () => { expect(() => make('1' as never)).toThrow(TypeError); });
  }
  it('an ord below 1 is refused', () => {
    for (const ord of [0, 0.5, -1, NaN]) expect(() => byGlobalNorm(1, { ord })).toThrow(RangeError);
  });
});
