/** Optimizers whose files are damaged: what a whole file holds of them, and what they become with it. */
import * as tf from '@tensorflow/tfjs-core';
import type { ClipkitOptimizer } from '@clipkit/core';
import { randomNumbers } from '@clipkit/core/testing';
import {
  adaGC,
  autoClip,
  byGlobalNorm,
  byNorm,
  clip,
  errorFeedback,
  linear,
  perGroup,
  spikeClip,
  zClip,
} from '@clipkit/clip';
import { adafactor, adam, rmsprop, sgd } from '@clipkit/optimizers';
import { sizeOf } from '../life/casts';
import { type Entry } from '../life/moves';
import { fromConfig, plainConfig, plainWeights, setPlainWeights, World, type SavedWeight } from '../life/world';

export const SUBJECTS: Readonly<Record<string, () => ClipkitOptimizer>> = {
  sgd: () => sgd({ learningRate: linear({ from: 0.1, to: 0.01, steps: 9 }) }),
  'adam, accumulating, with averages': () =>
    adam({
      learningRate: 0.02,
      gradientAccumulationSteps: 2,
      clip: zClip({ warmupSteps: 2 }),
      emaMomentum: 0.9,
      nonFinite: 'skip',
    }),
  'adafactor, spikeClip': () => adafactor({ learningRate: 0.05, clip: spikeClip({ threshold: 2, decay: 0.9 }) }),
  'rmsprop, autoClip, perGroup': () =>
    rmsprop({
      learningRate: 0.01,
      centered: true,
      clip: [
        autoClip({ window: 4 }),
        perGroup([{ match: [/kernel$/, 'gain'], use: adaGC({ warmupSteps: 2 }) }], { rest: byNorm(0.5) }),
      ],
    }),
  'clip(tf.train.sgd)': () => clip(tf.train.sgd(0.05), zClip({ warmupSteps: 2 })),
  'clip(tf.train.adam)': () => clip(tf.train.adam(0.02), { globalClipnorm: 1, nonFinite: 'skip' }),
  'clip(tf.train.rmsprop)': () => clip(tf.train.rmsprop(0.01, 0.9, 0.5), errorFeedback(byGlobalNorm(0.5))),
  'clip(tf.train.adamax)': () => clip(tf.train.adamax(0.02), adaGC({ warmupSteps: 2 })),
};

const NAMES = ['layer/kernel', 'layer/bias', 'out/kernel', 'gain'];
const SHAPES = [[3, 2], [2], [3, 2], []];
/** An odd number, so that an accumulation is saved in its middle. */
const TRAINED = 5;
/** Steps after loading. */
export const MORE = 4;

export const stepOf = (seed: number): readonly Entry[] =>
  NAMES.map((_, variable) => ({ variable, gradient: { seed, scale: seed % 3 ? 1 : 5 } }));

export interface Saved {
  readonly config: unknown;
  readonly weights: readonly SavedWeight[];
  /** The variables when it was saved, and after MORE steps. */
  readonly values: readonly Float32Array[];
  readonly later: readonly Float32Array[];
  readonly iterations: number;
}

const firstValues = (): Float32Array[] =>
  SHAPES.map((shape, index) => Float32Array.from({ length: sizeOf(shape) }, randomNumbers(31 + index)));

export async function trainAndSave(make: () => ClipkitOptimizer): Promise<Saved> {
  const world = new World(make(), NAMES, SHAPES, firstValues());
  for (let seed = 0; seed < TRAINED; seed++) world.step(stepOf(seed));
  const config = plainConfig(world.optimizer);
  const weights = plainWeights(await world.optimizer.getWeights());
  const values = world.values();
  world.dispose();
  const loaded = reopen({ config, values });
  await setPlainWeights(loaded.optimizer, weights);
  goOn(loaded);
  const later = loaded.values();
  const { iterations } = loaded.optimizer;
  loaded.dispose();
  return { config, weights, values, later, iterations };
}

/** A new process: variables as they were saved, and an optimizer that has its configuration only. */
export const reopen = ({ config, values }: Pick<Saved, 'config' | 'values'>): World =>
  new World(fromConfig(structuredClone(config)), NAMES, SHAPES, values as Float32Array[]);

export function goOn(world: World): void {
  for (let seed = TRAINED; seed < TRAINED + MORE; seed++) world.step(stepOf(seed));
}
