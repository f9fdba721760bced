/** What a step costs in passes over memory, and in numbers read and written per parameter: the table of the design, counted. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adaGC, adaptiveClip, autoClip, byBlockRms, byGlobalNorm, byNorm, byValue, centralizeGradients, errorFeedback, normalizeGradients, perGroup, softClip, spikeClip, truncateGradients, zClip, type GradientTransform } from '@clipkit/clip';
import { adam, lamb } from '@clipkit/optimizers';
import { currentBackend } from '../../core/src/backends/select';
import { planClass } from '../../core/src/backends/fused/plan';
import { layPipeline } from '../../core/src/optimizer/pipeline';
import { describe as describeVariable } from '../../core/src/trace/layout';
import type { Target } from '../../core/src/trace/target';
import { trace } from '../../core/src/trace/trace';
import { runOn } from './support/runtimes';

interface Cost {
  readonly passes: number;
  readonly reads: number;
  readonly writes: number;
}

function costOf(transforms: readonly GradientTransform[], { options: { rule } } = adam()): Cost {
  const main = layPipeline('test', transforms, rule, 'propagate').main;
  const program = trace(main, { release: true, result: 'weight', observe: false, inspect: false, learningRate: () => 1e-3 });
  const variable = tf.variable(tf.ones([8, 4])), targets: Target[] = [{ ...describeVariable('dense/kernel', [8, 4]), variable, gradient: variable }];
  const passes = currentBackend().passes(program, targets), { reductions, map, materials } = planClass(program, targets[0]!);
  variable.dispose();
  const kernels = [...reductions, ...materials.map(({ spec }) => spec), map].filter((spec) => spec !== null);
  expect(kernels).toHaveLength(passes);
  return { passes, reads: kernels.reduce((total, { inputs }) => total + inputs.length, 0), writes: kernels.reduce((total, { stores }) => total + stores.length, 0) };
}

/** Passes, reads and writes of a step with Adam. */
const TABLE: Readonly<Record<string, readonly [readonly GradientTransform[], number, number, number]>> = {
  'adam alone': [[], 1, 4, 3],
  byValue: [[byValue(1)], 1, 4, 3],
  byNorm: [[byNorm(1)], 2, 5, 3],
  byGlobalNorm: [[byGlobalNorm(1)], 2, 5, 3],
  'byGlobalNorm with minNorm': [[byGlobalNorm(1, { minNorm: 0.1 })], 2, 5, 3],
  byBlockRms: [[byBlockRms(1)], 2, 5, 3],
  zClip: [[zClip()], 2, 5, 3],
  adaGC: [[adaGC()], 2, 5, 3],
  softClip: [[softClip(1)], 2, 5, 3],
  normalizeGradients: [[normalizeGradients()], 2, 5, 3],
  perGroup: [[perGroup([{ match: /kernel/, use: byGlobalNorm(1) }], { rest: byValue(1) })], 2, 5, 3],
  centralizeGradients: [[centralizeGradients()], 2, 5, 3],
  adaptiveClip: [[adaptiveClip()], 2, 6, 3],
  'errorFeedback(byGlobalNorm)': [[errorFeedback(byGlobalNorm(1))], 2, 7, 4],
  'centralizeGradients | byGlobalNorm': [[centralizeGradients(), byGlobalNorm(1)], 3, 6, 3],
  // One map reads and writes the second moment too; the norm's window is no pass over the parameters.
  spikeClip: [[spikeClip()], 1, 5, 4],
  autoClip: [[autoClip()], 2, 5, 3],
  // Norms of what was scaled by a norm need no pass of their own.
  'byNorm | byGlobalNorm': [[byNorm(1), byGlobalNorm(1)], 2, 5, 3],
  'byNorm | byGlobalNorm | normalizeGradients': [[byNorm(1), byGlobalNorm(1), normalizeGradients()], 2, 5, 3],
  // A norm other than 1, 2 and Infinity divides by the largest element first.
  'byGlobalNorm, ord 3': [[byGlobalNorm(1, { ord: 3 })], 3, 6, 3],
  // What is truncated comes out of tf ops as a tensor, which the map reads in the gradient's place.
  truncateGradients: [[truncateGradients({ fraction: 0.1 })], 1, 4, 3],
};

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`passes, reads and writes on ${backend}`, () => {
    for (const [name, [transforms, passes, reads, writes]] of Object.entries(TABLE)) {
      it(`${name}: ${passes}, ${reads} and ${writes}`, () => runOn(backend, () => { expect(costOf(transforms)).toEqual({ passes, reads, writes }); }));
    }
    it('byGlobalNorm | lamb: 3, 10 and 3 with weight decay, 9 reads without', () => runOn(backend, () => {
      expect(costOf([byGlobalNorm(1)], lamb({ weightDecay: 0.01 }))).toEqual({ passes: 3, reads: 10, writes: 3 });
      expect(costOf([byGlobalNorm(1)], lamb())).toEqual({ passes: 3, reads: 9, writes: 3 });
    }));
  });
}
