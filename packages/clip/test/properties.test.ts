/** What clipping promises for any gradient: a bounded norm, the same direction, no change below the threshold, no further change above it. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveClip, byBlockRms, byGlobalNorm, byNorm, byValue, centralizeGradients, clip, clipGradients, softClip, truncateGradients, type GradientTransform } from '@clipkit/clip';
import { applyNumbers, makeVariables, Recorder } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

type Numbers = readonly number[];

/** Elements of every size that single precision has, small whole numbers and zero included. */
const element = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e20), max: Math.fround(1e20) }), fc.integer({ min: -4, max: 4 }), fc.float({ noNaN: true, min: Math.fround(-1e-20), max: Math.fround(1e-20) }))
  .map((value) => (Math.abs(value) < 1e-30 ? 0 : Math.fround(value)));
const gradients = fc.array(fc.array(element, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 });
const limit = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

function clipped(values: readonly Numbers[], how: GradientTransform | readonly GradientTransform[]): number[][] {
  const tensors = values.map((each) => tf.tensor1d([...each]));
  const { gradients: made, norm } = clipGradients(tensors, how);
  const result = made.map((each) => [...each.dataSync()]);
  tf.dispose([tensors, made, norm]);
  return result;
}

const length = (values: readonly Numbers[], ord = 2): number => {
  const flat = values.flat().map(Math.abs), largest = Math.max(...flat, 0);
  if (ord === Infinity || largest === 0) return largest;
  return largest * flat.reduce((total, each) => total + (each / largest) ** ord, 0) ** (1 / ord);
};
/** Whether two lists are one another's multiple, in single precision. */
function sameDirection(a: readonly Numbers[], b: readonly Numbers[]): boolean {
  const x = a.flat(), y = b.flat(), scaleX = length(a) || 1, scaleY = length(b) || 1;
  return x.every((each, at) => Math.abs(each / scaleX - y[at]! / scaleY) <= 1e-5);
}
const ulp = (value: number): number => 2 ** (Math.floor(Math.log2(Math.abs(value) || 1e-38)) - 23);

const check = (property: fc.IProperty<unknown> | ReturnType<typeof fc.property>, numRuns = 40): void => { fc.assert(property as fc.IProperty<unknown>, { numRuns, seed: 20240607 }); };

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const ord of [1, 1.5, 2, 4, Infinity]) {
      it(`byGlobalNorm bounds the norm of order ${ord} and keeps the direction`, () => runOn(runtime, () => {
        check(fc.property(gradients, limit, (values, c) => {
          const out = clipped(values, byGlobalNorm(c, { ord }));
          expect(length(out, ord)).toBeLessThanOrEqual(Math.max(c, 0) * (1 + 3e-6));
          expect(sameDirection(out, values)).toBe(true);
          if (length(values, ord) <= c * (1 - 1e-5)) expect(out).toEqual(values.map((each) => each.map((value) => value)));
        }));
      }));
    }

    it('byNorm and byBlockRms bound each variable', () => runOn(runtime, () => {
      check(fc.property(gradients, limit, (values, c) => {
        for (const [transform, bound] of [[byNorm(c), (): number => c], [byBlockRms(c), (size: number): number => c * Math.sqrt(size)]] as const) {
          clipped(values, transform).forEach((out, index) => {
            const before = values[index]!;
            expect(length([out])).toBeLessThanOrEqual(bound(before.length) * (1 + 3e-6));
            expect(sameDirection([out], [before])).toBe(true);
            if (length([before]) <= bound(before.length) * (1 - 1e-5)) expect(out).toEqual([...before]);
          });
        }
      }));
    }));

    it('byValue bounds each element and keeps its sign', () => runOn(runtime, () => {
      check(fc.property(gradients, limit, (values, c) => {
        const bound = Math.fround(c);
        expect(clipped(values, byValue(c))).toEqual(values.map((each) => each.map((value) => Math.min(Math.max(value, -bound), bound))));
      }));
    }));

    it('softClip stays below its bound and keeps the direction', () => runOn(runtime, () => {
      check(fc.property(gradients, limit, (values, c) => {
        const out = clipped(values, softClip(c));
        expect(length(out)).toBeLessThanOrEqual(Math.min(c, length(values)) * (1 + 1e-5));
        expect(sameDirection(out, values)).toBe(true);
      }));
    }));

    it('centralizeGradients leaves units of mean zero', () => runOn(runtime, () => {
      check(fc.property(fc.array(fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }), { minLength: 2, maxLength: 5 }), (rows) => {
        const tensor = tf.tensor2d(rows), { gradients: [made], norm } = clipGradients([tensor], centralizeGradients());
        const means = [...tf.tidy(() => tf.mean(made!, 0).dataSync())];
        tf.dispose([tensor, made!, norm]);
        means.forEach((mean) => { expect(Math.abs(mean)).toBeLessThan(1e-6); });
      }));
    }));

    it('truncateGradients keeps exactly k entries, the largest, the first of equal ones', () => runOn(runtime, () => {
      check(fc.property(fc.array(fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0), { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 32 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, count, share) => {
        const kept = (k: number): number[] => {
          const order = values.map((_, index) => index).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b).slice(0, k);
          return values.map((value, index) => (order.includes(index) ? value : 0));
        };
        expect(clipped([values], truncateGradients({ length: count }))).toEqual([kept(count)]);
        expect(clipped([values], truncateGradients({ fraction: share }))).toEqual([kept(Math.ceil(share * values.length * (1 - 1e-9)))]);
      }));
    }));

    // As optax's test_clipping does it, with fifty thresholds 1/i.
    const idempotent: Record<string, (c: number) => GradientTransform> = { byGlobalNorm, byNorm, byValue, byBlockRms, adaptiveClip: (c) => adaptiveClip({ clipping: c }) };
    for (const [name, make] of Object.entries(idempotent)) {
      // tf ops keep the norm and the scale in single precision, which is a rounding more.
      const ulps = runtime === 'eager' ? 2 : 1;
      it(`${name} twice is ${name} once, to ${ulps} ulp of the largest element, for c = 1/1 … 1/50`, () => runOn(runtime, () => {
        const shapes = [{ name: 'a', shape: [3, 2] }, { name: 'b', shape: [7] }], weights = [[1, -2, 3, 0.5, 0.1, 2], [1, 2, 3, 4, 5, 6, 7]];
        const values = [[3, -4, 0.1, 7, 2, 9], [1, -1, 5, 0.3, 22, -8, 0]];
        const once = (transform: GradientTransform, given: readonly Numbers[]): number[][] => {
          const recorder = new Recorder(0), optimizer = clip(recorder, transform), variables = makeVariables(shapes, weights);
          applyNumbers(optimizer, variables, given);
          variables.forEach((variable) => { variable.dispose(); });
          optimizer.dispose();
          return shapes.map((shape) => [...recorder.last[shape.name]!]);
        };
        for (let i = 1; i <= 50; i++) {
          const first = once(make(1 / i), values), second = once(make(1 / i), first);
          first.forEach((row, index) => { row.forEach((value, at) => { expect(Math.abs(second[index]![at]! - value)).toBeLessThanOrEqual(ulps * ulp(Math.max(...row.map(Math.abs)))); }); });
          expect(first).not.toEqual(values);
        }
      }));
    }
  });
}
