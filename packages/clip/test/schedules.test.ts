/** Every threshold takes a schedule: it follows the step, can be set while training runs, and can follow a metric. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { sgd } from '@clipkit/optimizers';
import { adaGC, adaptiveClip, adjustable, autoClip, byBlockRms, byGlobalNorm, byNorm, byValue, clip, clipMonitor, clipWeights, errorFeedback, linear, normalizeGradients, onPlateau, piecewise, softClip, spikeClip, truncateGradients, zClip, type GradientTransform, type Threshold } from '@clipkit/clip';
import { Scene, largestDifference, sceneGradients } from '@clipkit/core/testing';
import { batch, buildModel } from './support/model';
import { applyNumbers, makeVariables, Recorder } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => { tf.disposeVariables(); });

/** Every threshold of every strategy, by itself. */
const THRESHOLDS: Readonly<Record<string, readonly [(value: Threshold) => GradientTransform | readonly GradientTransform[], number, number]>> = {
  'byValue(limit)': [(value) => byValue(value), 0.5, 0.01],
  'byValue([min, max])': [(value) => byValue([-0.3, value]), 0.5, 0.01],
  'byNorm(maxNorm)': [(value) => byNorm(value), 0.5, 0.01],
  'byNorm(maxNorm, { ord })': [(value) => byNorm(value, { ord: 3 }), 0.5, 0.01],
  'byGlobalNorm(maxNorm)': [(value) => byGlobalNorm(value), 0.5, 0.01],
  'byGlobalNorm(…, { minNorm })': [(value) => byGlobalNorm(Infinity, { minNorm: value }), 500, 900],
  'byBlockRms(maxRms)': [(value) => byBlockRms(value), 0.5, 0.01],
  'adaptiveClip({ clipping })': [(value) => adaptiveClip({ clipping: value }), 0.5, 0.01],
  'autoClip({ percentile })': [(value) => autoClip({ percentile: value }), 90, 5],
  'zClip({ z })': [(value) => zClip({ z: value, warmupSteps: 1, maxNorm: Infinity }), 3, 0.1],
  'zClip({ maxNorm })': [(value) => zClip({ maxNorm: value }), 3, 0.1],
  'adaGC({ relative })': [(value) => adaGC({ relative: value, warmupSteps: 1 }), 2, 0.5],
  'adaGC({ absolute })': [(value) => adaGC({ absolute: value }), 2, 0.5],
  'spikeClip({ threshold })': [(value) => spikeClip({ threshold: value, decay: 0.5 }), 3, 0.5],
  'softClip(maxNorm)': [(value) => softClip(value), 3, 0.5],
  'normalizeGradients({ to })': [(value) => normalizeGradients({ to: value }), 3, 0.5],
  'truncateGradients({ fraction })': [(value) => truncateGradients({ fraction: value }), 0.9, 0.1],
  'truncateGradients({ length })': [(value) => truncateGradients({ length: value }), 30, 2],
  'clipWeights({ value })': [(value) => clipWeights({ value }), 0.9, 0.1],
  'clipWeights({ norm })': [(value) => clipWeights({ norm: value }), 2, 0.5],
  'errorFeedback(byNorm(maxNorm))': [(value) => errorFeedback(byNorm(value)), 2, 0.5],
};

function train(transforms: GradientTransform | readonly GradientTransform[], fused: boolean, eachStep: (step: number) => void = () => {}): Float32Array[] {
  const optimizer = fused ? sgd({ learningRate: 0.05, clip: transforms }) : clip(tf.train.sgd(0.05), transforms), scene = new Scene(optimizer);
  for (let step = 0; step < 6; step++) {
    eachStep(step);
    scene.step(sceneGradients(step));
  }
  const values = scene.values();
  scene.dispose();
  return values;
}

for (const runtime of RUNTIMES) {
  describe(runtime, () => {
    for (const [name, [make, from, to]] of Object.entries(THRESHOLDS)) {
      it(`${name}: a schedule, a plain function and a value set by hand are the same`, () => runOn(runtime, () => {
        const schedule = linear({ from, to, steps: 5 });
        for (const fused of [false, true]) {
          const limit = adjustable(from), wanted = train(make(limit), fused, (step) => { limit.value = schedule(step); });
          expect(largestDifference(train(make(schedule), fused), wanted)).toBeLessThanOrEqual(1e-6);
          expect(largestDifference(train(make((step) => schedule(step)), fused), wanted)).toBeLessThanOrEqual(1e-6);
          expect(largestDifference(train(make(from), fused), wanted)).toBeGreaterThan(1e-5);
        }
      }));
    }

    it('a schedule counts attempted steps, skipped ones too', () => runOn(runtime, () => {
      const recorder = new Recorder(0), optimizer = clip(recorder, { clip: byValue(piecewise([[0, 1], [1, 2], [2, 4]])), nonFinite: 'skip' }), variables = makeVariables([{ name: 'w', shape: [1] }], [[0]]);
      const seen = [[9], [NaN], [9]].map((gradient) => {
        applyNumbers(optimizer, variables, [gradient]);
        return recorder.last['w']![0];
      });
      expect(seen).toEqual([1, 1, 4]);
      optimizer.dispose();
    }));
  });
}

it('onPlateau lowers the threshold when the metric stops falling, through clipMonitor', () => runOn('cpu', async () => {
  const limit = onPlateau({ from: 0.4, factor: 0.5, patience: 2, min: 0.05, monitor: 'loss' }), model = buildModel();
  const optimizer = clip(tf.train.sgd(0), byGlobalNorm(limit)); // a rate of 0: the loss stands still
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const { xs, ys } = batch(0, 16), seen: number[] = [];
  await model.fit(xs, ys, { epochs: 8, batchSize: 16, shuffle: false, verbose: 0, callbacks: [clipMonitor(optimizer), { onEpochEnd: async () => { seen.push(limit(0)); } } as never] });
  expect(seen).toEqual([0.4, 0.4, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05]);
  expect((await optimizer.report()).clippedNorm).toBeCloseTo(0.05, 6);
}));

it('onPlateau may follow what clipMonitor itself logs', () => runOn('cpu', async () => {
  const limit = onPlateau({ from: 4, factor: 0.5, patience: 1, monitor: 'gradNorm' }), model = buildModel(), optimizer = clip(tf.train.sgd(0), byGlobalNorm(limit));
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const { xs, ys } = batch(0, 8);
  await model.fit(xs, ys, { epochs: 3, batchSize: 8, verbose: 0, callbacks: clipMonitor(optimizer) as never });
  expect(limit(0)).toBe(1);
}));
