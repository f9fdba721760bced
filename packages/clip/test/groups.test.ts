/** perGroup and adaptiveClip's exclude: which variable goes where, and over what a joint norm runs. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { adaptiveClip, byGlobalNorm, byNorm, byValue, clip, perGroup, zClip, type GradientTransform } from '@clipkit/clip';
import { applyNumbers, makeVariables, Recorder } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => { tf.disposeVariables(); });

const SHAPES = ['a/kernel', 'a/bias', 'b/kernel', 'b/bias_1'].map((name) => ({ name, shape: [2] }));
const GRADIENTS = [[3, 0], [0, 5], [4, 0], [0, 12]];

function clipped(transform: GradientTransform, steps = 1): Record<string, number[]> {
  const recorder = new Recorder(0), optimizer = clip(recorder, transform), variables = makeVariables(SHAPES, SHAPES.map(() => [1, 1]));
  for (let step = 0; step < steps; step++) applyNumbers(optimizer, variables, GRADIENTS);
  variables.forEach((variable) => { variable.dispose(); });
  optimizer.dispose();
  return Object.fromEntries(Object.entries(recorder.last).map(([name, values]) => [name, [...values!].map((each) => Math.round(each * 1e5) / 1e5)]));
}

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    it('a joint norm in a group runs over that group only', () => runOn(runtime, () => {
      expect(clipped(perGroup([{ match: /kernel/, use: byGlobalNorm(1) }], { rest: byGlobalNorm(6.5) }))).toEqual({
        'a/kernel': [0.6, 0], 'b/kernel': [0.8, 0], 'a/bias': [0, 2.5], 'b/bias_1': [0, 6],
      });
    }));

    it('the first match wins, and what matches nothing stays', () => runOn(runtime, () => {
      expect(clipped(perGroup([{ match: 'a/kernel', use: byValue(1) }, { match: [/^a/], use: byValue(2) }]))).toEqual({
        'a/kernel': [1, 0], 'a/bias': [0, 2], 'b/kernel': [4, 0], 'b/bias_1': [0, 12],
      });
    }));

    it('a name counts with and without the number that loading appends', () => runOn(runtime, () => {
      for (const match of ['b/bias', 'b/bias_1', /^b\/bias$/, /_1$/]) expect(clipped(perGroup([{ match, use: byValue(1) }]))['b/bias_1']).toEqual([0, 1]);
    }));

    it('a RegExp with a memory of its own is none here', () => runOn(runtime, () => {
      const match = /kernel/g;
      for (let round = 0; round < 2; round++) expect(clipped(perGroup([{ match, use: byValue(1) }]))).toMatchObject({ 'a/kernel': [1, 0], 'b/kernel': [1, 0] });
    }));

    it('each group has a state of its own', () => runOn(runtime, () => {
      const guard = (): GradientTransform => zClip({ warmupSteps: 2, maxNorm: 2, z: 1 });
      expect(clipped(perGroup([{ match: /kernel/, use: guard() }, { match: /bias/, use: [guard(), byNorm(1)] }]), 4)).toEqual({
        'a/kernel': [1.2, 0], 'b/kernel': [1.6, 0],
        // The biases are scaled to a joint norm of 2, then each to 1 at most.
        'a/bias': [0, 0.76923], 'b/bias_1': [0, 1],
      });
    }));

    it('a group in a group narrows it down', () => runOn(runtime, () => {
      const inner = perGroup([{ match: /^a/, use: byGlobalNorm(1) }], { rest: byValue(3) });
      expect(clipped(perGroup([{ match: /kernel/, use: inner }]))).toEqual({ 'a/kernel': [1, 0], 'b/kernel': [3, 0], 'a/bias': [0, 5], 'b/bias_1': [0, 12] });
    }));

    it('adaptiveClip leaves out what is excluded', () => runOn(runtime, () => {
      const out = clipped(adaptiveClip({ exclude: ['b/bias', /^a\/k/] }));
      expect(out['b/bias_1']).toEqual([0, 12]);
      expect(out['a/kernel']).toEqual([3, 0]);
      expect(out['a/bias']![1]).toBeCloseTo(0.01 * Math.SQRT2, 4);
    }));
  });
}

describe('errors', () => {
  it('a pattern that is none', () => { expect(() => perGroup([{ match: 3 as never, use: byValue(1) }])).toThrow(/\[clip\] perGroup: groups\[0\] match must be a variable name, a RegExp or a list of them, got 3|groups\[0\]/); });
  it('a misspelt key', () => { expect(() => perGroup([{ match: 'a', use: byValue(1), uses: 1 } as never])).toThrow(/unknown option "uses"/); });
  it('no list', () => { expect(() => perGroup({} as never)).toThrow(/groups must be a list/); });
});
