/** Cases that other frameworks hold themselves to. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adaptiveClip, byGlobalNorm, byNorm, clip, clipGradients, zClip, type GradientTransform } from '@clipkit/clip';
import { applyNumbers, makeVariables, Recorder } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

/** The clipped gradient of one variable that holds `weights`. */
function clipOne(shape: readonly number[], weights: readonly number[], gradient: readonly number[], transform: GradientTransform, name = 'variable'): number[] {
  const recorder = new Recorder(0), optimizer = clip(recorder, transform), variables = makeVariables([{ name, shape }], [weights]);
  applyNumbers(optimizer, variables, [gradient]);
  variables[0]!.dispose();
  optimizer.dispose();
  return [...recorder.last[name]!];
}
const length = (values: readonly number[], ord = 2): number => (ord === Infinity ? Math.max(...values.map(Math.abs)) : values.reduce((total, each) => total + Math.abs(each) ** ord, 0) ** (1 / ord));

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const ord of [1, 1.5, 2, 4, Infinity]) {
      it(`PyTorch, test_clip_grad_norm, p = ${ord}: the norm before, the threshold after, one common scale`, () => runOn(runtime, () => {
        const values = [Array.from({ length: 100 }, (_, index) => index + 1), new Array<number>(10).fill(1 / 1000)];
        const tensors = [tf.tensor2d(values[0]!, [10, 10]), tf.tensor1d(values[1]!)];
        const { gradients, norm } = clipGradients(tensors, byGlobalNorm(2, { ord }));
        const before = values.flat(), after = gradients.flatMap((each) => [...each.dataSync()]);
        if (ord === 2) expect(norm.dataSync()[0]! / length(before)).toBeCloseTo(1, 5);
        expect(length(after, ord)).toBeCloseTo(2, 4);
        const scales = after.map((each, at) => each / before[at]!);
        expect(Math.max(...scales) / Math.min(...scales)).toBeCloseTo(1, 5);
        const small = [tf.tensor1d([0.001, 0.002])];
        expect([...clipGradients(small, byGlobalNorm(2, { ord })).gradients[0]!.dataSync()]).toEqual([...small[0]!.dataSync()]);
        expect(tensors[0]!.dataSync()[99]).toBe(100);
      }));
    }

    for (const ord of [1, 2, 3.14, Infinity]) {
      it(`Lightning, totals of p = ${ord} over several variables`, () => runOn(runtime, () => {
        const values = [[3, -4], [12, 0.5, -1]], total = length(values.flat(), ord);
        const after = clipGradients(values.map((each) => tf.tensor1d(each)), byGlobalNorm(total / 4, { ord })).gradients.flatMap((each) => [...each.dataSync()]);
        after.forEach((each, at) => { expect(each).toBeCloseTo(values.flat()[at]! / 4, 5); });
      }));
    }

    it('Keras, [100, 100] with clipnorm 1 is [√2/2, √2/2]', () => runOn(runtime, () => {
      for (const transform of [byNorm(1), byGlobalNorm(1)]) {
        clipOne([2], [0, 0], [100, 100], transform).forEach((each) => { expect(each).toBeCloseTo(Math.SQRT1_2, 6); });
      }
    }));

    it('Composer, W = [3, 4], G = [7, 24], λ = 0.5 gives [0.7, 2.4]', () => runOn(runtime, () => {
      const [a, b] = clipOne([2], [3, 4], [7, 24], adaptiveClip({ clipping: 0.5 }));
      expect(a).toBeCloseTo(0.7, 6);
      expect(b).toBeCloseTo(2.4, 6);
      expect(clipOne([2], [3, 4], [0.3, 0.4], adaptiveClip({ clipping: 0.5 }))).toEqual([0.3, 0.4].map(Math.fround));
    }));

    it('Composer, weights of zero still move, by the floor', () => runOn(runtime, () => {
      expect(length(clipOne([2], [0, 0], [3, 4], adaptiveClip({ clipping: 0.5 })))).toBeCloseTo(0.5e-3, 9);
    }));

    // optax's test of unit-wise norms, in tfjs's layouts.
    const axes: [string, string, number[], (index: readonly number[]) => number][] = [
      ['a scalar is one unit', 'gain', [], () => 0],
      ['a vector is one unit', 'dense/bias', [4], () => 0],
      ['a dense kernel has its units last', 'dense/kernel', [3, 4], (index) => index[1]!],
      ['so has a conv1d kernel', 'conv1d/kernel', [2, 3, 4], (index) => index[2]!],
      ['so has a conv2d kernel', 'conv2d/kernel', [2, 2, 3, 4], (index) => index[3]!],
      ['so has a conv3d kernel', 'conv3d/kernel', [2, 2, 1, 3, 4], (index) => index[4]!],
      ['a depthwise kernel has a unit per channel and multiplier', 'depthwise_conv2d/depthwise_kernel', [2, 2, 3, 2], (index) => index[2]! * 2 + index[3]!],
    ];
    for (const [title, name, shape, unitOf] of axes) {
      it(`units: ${title}`, () => runOn(runtime, () => {
        const size = shape.reduce((all, each) => all * each, 1), at = (flat: number): number[] => shape.map((_, axis) => Math.floor(flat / shape.slice(axis + 1).reduce((all, each) => all * each, 1)) % shape[axis]!);
        const units = Array.from({ length: size }, (_, flat) => unitOf(at(flat)));
        // Each unit's weights and gradients have a size of their own, so a wrong axis shows.
        const weights = units.map((unit, flat) => (unit + 1) * (1 + flat / size)), gradient = units.map((unit, flat) => 100 * (unit + 2) ** 2 * (1 - flat / size / 2));
        const out = clipOne(shape, weights, gradient, adaptiveClip({ clipping: 0.1 }), name);
        for (const unit of new Set(units)) {
          const own = (values: readonly number[]): number[] => values.filter((_, flat) => units[flat] === unit);
          expect(length(own(out)) / (0.1 * length(own(weights)))).toBeCloseTo(1, 5);
        }
      }));
    }

    it('ZClip: in the warm-up only maxNorm acts; a spike afterwards is clipped to its adaptive threshold', () => runOn(runtime, () => {
      const recorder = new Recorder(0), optimizer = clip(recorder, zClip({ warmupSteps: 5, maxNorm: 50, z: 2.5, decay: 0.97 })), variables = makeVariables([{ name: 'w', shape: [1] }], [[0]]);
      const step = (gradient: number): number => {
        applyNumbers(optimizer, variables, [[gradient]]);
        return recorder.last['w']![0]!;
      };
      expect([1, 2, 100, 2, 1].map(step)).toEqual([1, 2, 50, 2, 1]);
      const norms = [1, 2, 100, 2, 1], mean = norms.reduce((a, b) => a + b) / 5, deviation = Math.sqrt(norms.reduce((total, each) => total + (each - mean) ** 2, 0) / 5);
      expect(step(2)).toBe(2);
      const nextMean = 0.97 * mean + 0.03 * 2, nextDeviation = Math.sqrt(0.97 * deviation ** 2 + 0.03 * (2 - nextMean) ** 2);
      const score = (500 - nextMean) / (nextDeviation + 1e-6);
      expect(step(500)).toBeCloseTo(Math.min(50, nextMean + 2.5 * nextDeviation / (score / 2.5)), 3);
      variables[0]!.dispose();
      optimizer.dispose();
    }));

    it('ZClip: equal norms in the warm-up do not make 1.0001 an outlier', () => runOn(runtime, () => {
      const recorder = new Recorder(0), optimizer = clip(recorder, zClip({ warmupSteps: 3, maxNorm: Infinity })), variables = makeVariables([{ name: 'w', shape: [1] }], [[0]]);
      for (const gradient of [1, 1, 1, 1.0001]) applyNumbers(optimizer, variables, [[gradient]]);
      expect(recorder.last['w']![0]).toBe(Math.fround(1.0001));
      applyNumbers(optimizer, variables, [[10]]);
      expect(recorder.last['w']![0]).toBeLessThan(1.1);
      variables[0]!.dispose();
      optimizer.dispose();
    }));
  });
}

describe('arguments', () => {
  it('Keras: two clipping arguments at once are an error', () => {
    expect(() => clip(tf.train.sgd(1), { clipnorm: 1, clipvalue: 1 })).toThrow(/at most one of clipvalue, clipnorm and globalClipnorm/);
    expect(() => clip(tf.train.sgd(1), { global_clipnorm: 1, globalClipnorm: 1 })).toThrow(TypeError);
  });
  it('Lightning: p <= 0 is an error', () => { for (const ord of [0, -1]) expect(() => byGlobalNorm(1, { ord })).toThrow(RangeError); });
});
