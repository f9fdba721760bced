/** Each strategy against real frameworks, or float64 code written apart: scripts/reference/clip.py made the numbers. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { sgd } from '@clipkit/optimizers';
import { accumulateGradients, adaGC, adaptiveClip, autoClip, byBlockRms, byGlobalNorm, byNorm, byValue, centralizeGradients, clip, clipWeights, errorFeedback, linear, normalizeGradients, perGroup, softClip, spikeClip, truncateGradients, zClip, type GradientTransform } from '@clipkit/clip';
import { largestDifference } from '@clipkit/core/testing';
import float64 from './golden/float64.json';
import frameworks from './golden/frameworks.json';
import inputs from './golden/inputs.json';
import { applyNumbers, makeVariables, Recorder } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

const TOLERANCE = 3e-6;

const STRATEGIES: Readonly<Record<string, () => GradientTransform | readonly GradientTransform[]>> = {
  'byValue(0.05)': () => byValue(0.05),
  'byNorm(0.4)': () => byNorm(0.4),
  'byNorm(0.9, { ord: 1.5 })': () => byNorm(0.9, { ord: 1.5 }),
  'byGlobalNorm(1)': () => byGlobalNorm(1),
  'byGlobalNorm(3, { ord: 1 })': () => byGlobalNorm(3, { ord: 1 }),
  'byGlobalNorm(2, { ord: 3 })': () => byGlobalNorm(2, { ord: 3 }),
  'byGlobalNorm(0.9, { ord: Infinity })': () => byGlobalNorm(0.9, { ord: Infinity }),
  'byGlobalNorm(2, { minNorm: 1 })': () => byGlobalNorm(2, { minNorm: 1 }),
  'byGlobalNorm(linear({ from: 4, to: 0.5, steps: 8 }))': () => byGlobalNorm(linear({ from: 4, to: 0.5, steps: 8 })),
  'byBlockRms(0.1)': () => byBlockRms(0.1),
  'adaptiveClip({ clipping: 0.05 })': () => adaptiveClip({ clipping: 0.05 }),
  'normalizeGradients({ to: 2 })': () => normalizeGradients({ to: 2 }),
  'centralizeGradients()': () => centralizeGradients(),
  '[centralizeGradients(), byGlobalNorm(0.7)]': () => [centralizeGradients(), byGlobalNorm(0.7)],
  '[accumulateGradients(3), byGlobalNorm(1)]': () => [accumulateGradients(3), byGlobalNorm(1)],
  'clipWeights({ value: 0.2 })': () => clipWeights({ value: 0.2 }),
  'clipWeights({ norm: 0.8 })': () => clipWeights({ norm: 0.8 }),
  'autoClip({ percentile: 35, window: 6 })': () => autoClip({ percentile: 35, window: 6 }),
  'autoClip()': () => autoClip(),
  'zClip({ z: 1.2, decay: 0.8, warmupSteps: 4, maxNorm: 30 })': () => zClip({ z: 1.2, decay: 0.8, warmupSteps: 4, maxNorm: 30 }),
  'zClip({ z: 0.4, warmupSteps: 3, maxNorm: Infinity })': () => zClip({ z: 0.4, warmupSteps: 3, maxNorm: Infinity }),
  'adaGC({ warmupSteps: 4 })': () => adaGC({ warmupSteps: 4 }),
  'spikeClip({ threshold: 3, decay: 0.9 })': () => spikeClip({ threshold: 3, decay: 0.9 }),
  'softClip(2)': () => softClip(2),
  'truncateGradients({ fraction: 0.3 })': () => truncateGradients({ fraction: 0.3 }),
  'truncateGradients({ length: 2 })': () => truncateGradients({ length: 2 }),
  'errorFeedback(byGlobalNorm(1))': () => errorFeedback(byGlobalNorm(1)),
  'errorFeedback(truncateGradients({ fraction: 0.25 }))': () => errorFeedback(truncateGradients({ fraction: 0.25 })),
  "perGroup([{ match: /kernel/, use: byGlobalNorm(0.5) }, { match: 'dense/bias', use: byValue(0.1) }])": () => perGroup([{ match: /kernel/, use: byGlobalNorm(0.5) }, { match: 'dense/bias', use: byValue(0.1) }]),
};
const CASES = [...frameworks.cases, ...float64.cases];
const accumulates = (strategy: string): boolean => strategy.includes('accumulateGradients');
const changesWeights = (strategy: string): boolean => strategy.startsWith('clipWeights');

/** Steps over the recorded gradients; returns the final weights. */
function train(optimizer: tf.Optimizer, eachStep: (step: number, variables: readonly tf.Variable[]) => void = () => {}): Float32Array[] {
  const variables = makeVariables(inputs.variables, inputs.weights);
  try {
    inputs.gradients.forEach((gradients, step) => {
      applyNumbers(optimizer, variables, gradients);
      eachStep(step, variables);
    });
    return variables.map((variable) => variable.dataSync().slice() as Float32Array);
  } finally {
    variables.forEach((variable) => { variable.dispose(); });
    optimizer.dispose();
  }
}

it('has a row for every golden case, and a golden case for every row', () => {
  expect(new Set(CASES.map(({ strategy }) => strategy))).toEqual(new Set(Object.keys(STRATEGIES)));
});

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const { strategy, source, gradients, weights } of CASES) {
      const make = STRATEGIES[strategy]!;
      it(`${strategy} is that of ${source}`, () => runOn(runtime, () => {
        const recorder = new Recorder(inputs.learningRate);
        const final = train(clip(recorder, make()), (step, variables) => {
          if (accumulates(strategy) && (step + 1) % 3 !== 0) return;
          const found = variables.map(({ name }) => recorder.last[name]!);
          expect(largestDifference(found, gradients[step]!), `gradients of step ${step}`).toBeLessThanOrEqual(TOLERANCE);
        });
        expect(largestDifference(final, weights), 'weights').toBeLessThanOrEqual(TOLERANCE);
        expect(largestDifference(train(sgd({ learningRate: inputs.learningRate, clip: make() })), weights), 'weights of the fused step').toBeLessThanOrEqual(TOLERANCE);
      }));
    }
  });
}

describe('the golden values', () => {
  for (const { strategy, source, gradients, weights } of CASES) {
    it(`show that ${strategy} acts (${source})`, () => {
      const plain = inputs.weights.map((values, index) => inputs.gradients.reduce((now, step) => now.map((value, at) => value - inputs.learningRate * step[index]![at]!), values));
      expect(largestDifference(plain.map((each) => Float32Array.from(each)), weights)).toBeGreaterThan(1e-3);
      if (!changesWeights(strategy)) expect(gradients).not.toEqual(inputs.gradients);
    });
  }
});
