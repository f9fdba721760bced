/** A threshold or rate that is none while training runs is an error before anything changes; later steps go on. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  accumulateGradients,
  adaGC,
  adaptiveClip,
  adjustable,
  autoClip,
  byBlockRms,
  byGlobalNorm,
  byNorm,
  byValue,
  chain,
  clip,
  clipGradients,
  clipWeights,
  errorFeedback,
  exponential,
  linear,
  normalizeGradients,
  perGroup,
  piecewise,
  softClip,
  spikeClip,
  truncateGradients,
  zClip,
  type GradientTransform,
  type Threshold,
} from '@clipkit/clip';
import { adam, lamb, muon, sgd } from '@clipkit/optimizers';
import { largestDifference, Scene, sceneGradients } from '@clipkit/core/testing';
import { makeVariables } from './support/recorder';
import { EVERYWHERE, runOn } from './support/runtimes';

afterEach(() => {
  tf.disposeVariables();
});

/** Every threshold of every strategy, nested ones too, and how its error begins. */
const THRESHOLDS: Readonly<Record<string, (value: Threshold) => GradientTransform | readonly GradientTransform[]>> = {
  '[clip] byValue: limit': (value) => byValue(value),
  '[clip] byNorm: maxNorm': (value) => byNorm(value),
  '[clip] byGlobalNorm: maxNorm': (value) => byGlobalNorm(value),
  '[clip] byGlobalNorm: minNorm': (value) => byGlobalNorm(Infinity, { minNorm: value }),
  '[clip] byBlockRms: maxRms': (value) => byBlockRms(value),
  '[clip] adaptiveClip: clipping': (value) => adaptiveClip({ clipping: value }),
  '[clip] autoClip: percentile': (value) => autoClip({ percentile: value, window: 5 }),
  '[clip] zClip: z': (value) => zClip({ z: value, warmupSteps: 1 }),
  '[clip] zClip: maxNorm': (value) => zClip({ maxNorm: value, warmupSteps: 1 }),
  '[clip] adaGC: relative': (value) => adaGC({ relative: value, warmupSteps: 1 }),
  '[clip] adaGC: absolute': (value) => adaGC({ absolute: value }),
  '[clip] spikeClip: threshold': (value) => spikeClip({ threshold: value, decay: 0.5 }),
  '[clip] softClip: maxNorm': (value) => softClip(value),
  '[clip] normalizeGradients: to': (value) => normalizeGradients({ to: value }),
  '[clip] truncateGradients: fraction': (value) => truncateGradients({ fraction: value }),
  '[clip] truncateGradients: length': (value) => truncateGradients({ length: value }),
  '[clip] clipWeights: value': (value) => clipWeights({ value }),
  '[clip] clipWeights: norm': (value) => clipWeights({ norm: value }),
  '[clip] byNorm: maxNorm, in errorFeedback': (value) => errorFeedback(byNorm(value)),
  '[clip] byNorm: maxNorm, in a group': (value) =>
    perGroup([{ match: /bias/, use: [byValue(1), byNorm(value)] }], { rest: byValue(1) }),
  '[clip] softClip: maxNorm, in the rest': (value) =>
    perGroup([{ match: /bias/, use: byValue(1) }], { rest: softClip(value) }),
  '[clip] byGlobalNorm: maxNorm, in a chain': (value) => chain(byValue(1), chain(byGlobalNorm(value))),
  '[clip] byValue: limit, after others': (value) => [zClip({ warmupSteps: 2 }), byValue(value)],
};
const home = (name: string): string => name.split(',')[0]!;

const OPTIMIZERS: Readonly<
  Record<string, (transform: GradientTransform | readonly GradientTransform[]) => tf.Optimizer>
> = {
  'around tf.train.momentum': (transform) => clip(tf.train.momentum(0.05, 0.9), transform),
  fused: (transform) => adam({ learningRate: 0.01, clip: transform }),
};

/** Everything that would be saved. */
const saved = async (optimizer: tf.Optimizer): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      (await optimizer.getWeights()).map(async ({ name, tensor }) => [name, [...(await tensor.data())]]),
    ),
  );

/** Takes steps, in the middle of them one that must fail, and compares with a run that never saw it. */
async function expectRefusal(make: (value: Threshold) => tf.Optimizer, message: string, bad: number): Promise<void> {
  const limit = adjustable(0.3);
  const scene = new Scene(make(limit)).train(0, 3);
  const before = scene.values();
  const state = await saved(scene.optimizer);
  limit.value = bad;
  expect(() => {
    scene.train(3, 4);
  }).toThrow(RangeError);
  expect(() => {
    scene.train(3, 4);
  }).toThrow(`${message} must be a number >= 0, got ${bad} (from the schedule adjustable at step 3)`);
  expect(largestDifference(scene.values(), before)).toBe(0);
  expect(await saved(scene.optimizer)).toBe(state);
  limit.value = 0.3;
  const after = scene.train(3, 6).values();
  scene.dispose();
  const clean = new Scene(make(adjustable(0.3)));
  expect(largestDifference(after, clean.train(0, 6).values())).toBe(0);
  clean.dispose();
}

for (const runtime of EVERYWHERE) {
  describe(runtime, () => {
    for (const [name, make] of Object.entries(THRESHOLDS)) {
      it(`${name}: below zero`, () =>
        runOn(runtime, async () => {
          for (const build of Object.values(OPTIMIZERS))
            await expectRefusal((value) => build(make(value)), home(name), -1);
        }));

      it(`${name}: NaN, from a function that is called once a step`, () =>
        runOn(runtime, () => {
          for (const build of Object.values(OPTIMIZERS)) {
            const calls: number[] = [];
            const scene = new Scene(
              build(make((step) => (calls.push(step), step === 2 && calls.length === 3 ? NaN : 0.5))),
            );
            scene.train(0, 2);
            expect(() => {
              scene.train(2, 3);
            }).toThrow(`${home(name)} must be a number >= 0, got NaN (from the function at step 2)`);
            scene.train(2, 4);
            expect(calls).toEqual([0, 1, 2, 2, 3]);
            scene.dispose();
          }
        }));
    }

    it('what a function gives must be a number: text, null and lists count as none', () =>
      runOn(runtime, () => {
        for (const given of ['0.5', 'x', '', null, undefined, true, [1], [-1, 1], {}, () => 1, adjustable(1)]) {
          for (const [name, make] of Object.entries(THRESHOLDS)) {
            for (const build of Object.values(OPTIMIZERS)) {
              let value: unknown = 0.5;
              const scene = new Scene(build(make(() => value as number))).train(0, 1);
              const before = scene.values();
              value = given;
              expect(() => {
                scene.train(1, 2);
              }, `${name} of ${String(given)}`).toThrow(/must be a number .* got NaN \(from the function at step 1, which gave /);
              expect(largestDifference(scene.values(), before)).toBe(0);
              value = NaN;
              expect(() => {
                scene.train(1, 2);
              }).toThrow(/got NaN \(from the function at step 1\)$/);
              scene.dispose();
            }
          }
        }
      }));

    it('a learning rate that is set must be finite, as one that is given', () =>
      runOn(runtime, () => {
        for (const make of [() => adam({ learningRate: 0.1 }), () => clip(tf.train.sgd(0.1), { clipnorm: 1 })]) {
          for (const rate of [Infinity, 1e39, NaN, -1]) {
            const optimizer = make();
            expect(() => {
              optimizer.learningRate = rate;
            }).toThrow(RangeError);
            expect(optimizer.learningRate).toBe(0.1);
            optimizer.dispose();
          }
        }
      }));

    it('an interval: NaN, or the wrong way round', () =>
      runOn(runtime, async () => {
        for (const build of Object.values(OPTIMIZERS)) {
          const low = adjustable(-1);
          const scene = new Scene(build(byValue([low, linear({ from: 1, to: 0.5, steps: 4 })]))).train(0, 2);
          const before = scene.values();
          low.value = 2;
          expect(() => {
            scene.train(2, 3);
          }).toThrow(
            '[clip] byValue: limit must be a pair with min <= max, got [2, 0.75] ' +
              '(from the schedules adjustable and linear at step 2)',
          );
          expect(largestDifference(scene.values(), before)).toBe(0);
          low.value = -3;
          scene.train(2, 3);
          scene.dispose();
          const calls: number[] = [];
          const other = new Scene(build(byValue([(step) => (calls.push(step), step ? NaN : -1), 1]))).train(0, 1);
          expect(() => {
            other.train(1, 2);
          }).toThrow(/^\[clip\] byValue: limit .* got NaN \(from the function at step 1\)$/);
          expect(calls).toEqual([0, 1]);
          other.dispose();
        }
      }));

    for (const [name, make] of Object.entries({ sgd, adam, lamb, muon })) {
      it(`the learning rate of ${name}`, () =>
        runOn(runtime, async () => {
          await expectRefusal(
            (learningRate) => make({ learningRate, clip: zClip({ warmupSteps: 2 }) }),
            `[optimizers] ${name}: learningRate`,
            -0.1,
          );
          const calls: number[] = [];
          const scene = new Scene(make({ learningRate: (step) => (calls.push(step), step === 2 ? NaN : 0.1) })).train(
            0,
            2,
          );
          expect(() => {
            scene.train(2, 3);
          }).toThrow(`[optimizers] ${name}: learningRate must be a number >= 0, got NaN (from the function at step 2)`);
          expect(calls).toEqual([0, 1, 2]);
          // Setting the rate replaces the function.
          (scene.optimizer as unknown as { learningRate: number }).learningRate = 0.1;
          scene.train(2, 4);
          expect(calls).toEqual([0, 1, 2]);
          scene.dispose();
        }));
    }

    it('arguments in Keras’s words', () =>
      runOn(runtime, async () => {
        for (const [option, message] of [
          ['clipvalue', '[clip] byValue: limit'],
          ['clipnorm', '[clip] byNorm: maxNorm'],
          ['globalClipnorm', '[clip] byGlobalNorm: maxNorm'],
        ] as const) {
          await expectRefusal((value) => sgd({ learningRate: 0.1, [option]: value }), message, -1e-9);
          await expectRefusal((value) => clip(tf.train.sgd(0.1), { [option]: value }), message, -Infinity);
        }
      }));

    it('an accumulating step asks on the call that ends it, and what was collected stays', () =>
      runOn(runtime, () => {
        const limit = adjustable(0.3);
        const calls: number[] = [];
        const make = (value: Threshold): tf.Optimizer =>
          sgd({ learningRate: 0.1, clip: [accumulateGradients(3), byGlobalNorm(value)] });
        const scene = new Scene(make((step) => (calls.push(step), limit(step)))).train(0, 2);
        limit.value = -1;
        expect(() => {
          scene.train(2, 3);
        }).toThrow('got -1 (from the function at step 0)');
        limit.value = 0.3;
        const after = scene.train(2, 6).values();
        const clean = new Scene(make(0.3)).train(0, 6);
        expect(largestDifference(after, clean.values())).toBe(0);
        expect(calls).toEqual([0, 0, 1]);
        scene.dispose();
        clean.dispose();
      }));

    it('clipGradients', () =>
      runOn(runtime, () => {
        const limit = adjustable(1);
        const how = byGlobalNorm(limit);
        const gradient = tf.tensor1d([3, 4]);
        tf.dispose(clipGradients([gradient], how));
        const { numTensors } = tf.memory();
        limit.value = -2;
        expect(() => clipGradients([gradient], how)).toThrow(
          '[clip] byGlobalNorm: maxNorm must be a number >= 0, got -2 (from the schedule adjustable at step 0)',
        );
        expect(tf.memory().numTensors).toBe(numTensors);
        gradient.dispose();
      }));

    it('schedules that cross zero, at the step on which they do', () =>
      runOn(runtime, () => {
        for (const [kind, schedule] of Object.entries({
          linear: linear({ from: 2, to: -2, steps: 4 }),
          piecewise: piecewise([
            [0, 1],
            [3, -1],
          ]),
          exponential: exponential({ from: -0, rate: 1, every: 1 }),
        })) {
          const optimizer = sgd({ globalClipnorm: schedule });
          const variables = makeVariables([{ name: 'w', shape: [2] }], [[1, 1]]);
          const step = (): void => {
            tf.tidy(() => {
              optimizer.applyGradients([{ name: 'w', tensor: tf.tensor1d([1, 2]) }]);
            });
          };
          [0, 1, 2].forEach(step);
          if (kind === 'exponential') step();
          else expect(step).toThrow(`got -1 (from the schedule ${kind} at step 3)`);
          variables.forEach((variable) => {
            variable.dispose();
          });
          optimizer.dispose();
        }
      }));
  });
}

it('the order of errors: a bad threshold leaves the first step undone too', () =>
  runOn('wasm', () => {
    const scene = new Scene(adam({ globalClipnorm: adjustable(-1) }));
    const before = scene.values();
    expect(() => {
      scene.step(sceneGradients(0));
    }).toThrow(RangeError);
    expect(largestDifference(scene.values(), before)).toBe(0);
    scene.dispose();
  }));
