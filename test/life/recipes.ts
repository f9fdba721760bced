/** The optimizers whose lives are tested, and the plain model of those that have one. */
import * as tf from '@tensorflow/tfjs-core';
import type { ClipkitOptimizer } from '@clipkit/core';
import {
  accumulateGradients,
  adaGC,
  autoClip,
  byGlobalNorm,
  byNorm,
  byValue,
  clip,
  clipWeights,
  errorFeedback,
  linear,
  perGroup,
  spikeClip,
  zClip,
} from '@clipkit/clip';
import { adafactor, adam, adamW, lion, momentum, rmsprop, sgd } from '@clipkit/optimizers';
import type { Clipping, Model } from './reference';

export interface Recipe {
  make(): ClipkitOptimizer;
  readonly policy: Model['policy'];
  /** tfjs's own optimizers remember by place in the list, so the list must stay as it is. */
  readonly stock?: boolean;
  /** Calls that make one step. */
  readonly period?: number;
  readonly averages?: boolean;
  /** It looks at whether a name has `kernel` in it, so variables cannot lose their names. */
  readonly byName?: boolean;
  /** The largest gradient that single precision and the model's double precision agree on. */
  readonly huge: number;
  readonly model?: Model;
  /** Frees what tfjs's own dispose() forgets. */
  free?(optimizer: ClipkitOptimizer): void;
}

const Z = { z: 1.5, decay: 0.9, warmupSteps: 4, maxNorm: 2 };
const z: Clipping = { kind: 'zClip', ...Z };
const kernels = (use: Clipping, rest: Clipping): Clipping => ({ kind: 'groups', match: /kernel/, use, rest });

/** A Momentum keeps its learning rate in a tensor that it never disposes. */
const freeMomentum = (optimizer: ClipkitOptimizer): void => {
  (optimizer.inner as unknown as { c: tf.Tensor }).c.dispose();
};

export const RECIPES: Readonly<Record<string, Recipe>> = {
  sgd: {
    make: () => sgd({ learningRate: 0.05 }),
    policy: 'propagate',
    huge: 1e6,
    model: { rule: 'sgd', rate: 0.05, clipping: { kind: 'none' }, policy: 'propagate' },
  },
  'momentum, byValue, zero': {
    make: () => momentum({ learningRate: 0.05, clipvalue: 0.3, nonFinite: 'zero' }),
    policy: 'zero',
    huge: 1e20,
    model: { rule: 'momentum', rate: 0.05, clipping: { kind: 'value', limit: 0.3 }, policy: 'zero' },
  },
  'adam, byNorm, averages': {
    make: () => adam({ learningRate: 0.02, clip: byNorm(0.5), emaMomentum: 0.8, nonFinite: 'throw' }),
    averages: true,
    policy: 'throw',
    huge: 1e20,
    model: { rule: 'adam', rate: 0.02, clipping: { kind: 'norm', limit: 0.5 }, policy: 'throw', averaging: 0.8 },
  },
  'adam, byGlobalNorm, averages, skip': {
    make: () => adam({ learningRate: 0.02, globalClipnorm: 1, emaMomentum: 0.8, nonFinite: 'skip' }),
    averages: true,
    policy: 'skip',
    huge: 1e20,
    model: { rule: 'adam', rate: 0.02, clipping: { kind: 'globalNorm', limit: 1 }, policy: 'skip', averaging: 0.8 },
  },
  'momentum, zClip, skip': {
    make: () => momentum({ learningRate: 0.05, clip: zClip(Z), nonFinite: 'skip' }),
    policy: 'skip',
    huge: 1e6,
    model: { rule: 'momentum', rate: 0.05, clipping: z, policy: 'skip' },
  },
  'sgd and byGlobalNorm on schedules, throw': {
    make: () =>
      sgd({
        learningRate: linear({ from: 0.1, to: 0.01, steps: 12 }),
        clip: byGlobalNorm(linear({ from: 2, to: 0.5, steps: 8 })),
        nonFinite: 'throw',
      }),
    policy: 'throw',
    huge: 1e20,
    model: {
      rule: 'sgd',
      rate: (step) => 0.1 - 0.09 * Math.min(step / 12, 1),
      clipping: { kind: 'globalNorm', limit: (step) => 2 - 1.5 * Math.min(step / 8, 1) },
      policy: 'throw',
    },
  },
  'adam, perGroup of zClip': {
    make: () =>
      adam({
        learningRate: 0.02,
        clip: perGroup([{ match: /kernel/, use: zClip(Z) }], { rest: [zClip({ ...Z, maxNorm: 1 })] }),
      }),
    byName: true,
    policy: 'propagate',
    huge: 1e6,
    model: { rule: 'adam', rate: 0.02, clipping: kernels(z, { ...z, maxNorm: 1 }), policy: 'propagate' },
  },
  'adam, accumulating 3, byGlobalNorm, skip': {
    make: () => adam({ learningRate: 0.02, gradientAccumulationSteps: 3, globalClipnorm: 0.5, nonFinite: 'skip' }),
    period: 3,
    policy: 'skip',
    huge: 1e15,
    model: { rule: 'adam', rate: 0.02, clipping: { kind: 'globalNorm', limit: 0.5 }, policy: 'skip', period: 3 },
  },
  'momentum, accumulating 2, zClip, averages': {
    make: () =>
      momentum({
        learningRate: linear({ from: 0.1, to: 0.01, steps: 6 }),
        gradientAccumulationSteps: 2,
        clip: zClip({ ...Z, warmupSteps: 2 }),
        emaMomentum: 0.7,
      }),
    period: 2,
    averages: true,
    policy: 'propagate',
    huge: 1e6,
    model: {
      rule: 'momentum',
      rate: (step) => 0.1 - 0.09 * Math.min(step / 6, 1),
      clipping: { ...z, warmupSteps: 2 },
      policy: 'propagate',
      period: 2,
      averaging: 0.7,
    },
  },
  'sgd, accumulating 2, throw': {
    make: () => sgd({ learningRate: 0.05, gradientAccumulationSteps: 2, nonFinite: 'throw' }),
    period: 2,
    policy: 'throw',
    huge: 1e6,
    model: { rule: 'sgd', rate: 0.05, clipping: { kind: 'none' }, policy: 'throw', period: 2 },
  },
  'adamW, amsgrad, accumulating 2, adaGC, zero': {
    make: () =>
      adamW({
        learningRate: 0.02,
        amsgrad: true,
        weightDecay: 0.1,
        excludeFromWeightDecay: /kernel/,
        gradientAccumulationSteps: 2,
        clip: adaGC({ warmupSteps: 3 }),
        nonFinite: 'zero',
      }),
    period: 2,
    byName: true,
    policy: 'zero',
    huge: 1e15,
  },
  'adafactor, spikeClip, skip': {
    make: () => adafactor({ learningRate: 0.05, clip: spikeClip({ threshold: 2, decay: 0.9 }), nonFinite: 'skip' }),
    policy: 'skip',
    huge: 1e15,
  },
  'lion, errorFeedback, averages': {
    make: () => lion({ learningRate: 0.01, clip: errorFeedback(byGlobalNorm(0.5)), emaMomentum: 0.9 }),
    averages: true,
    policy: 'propagate',
    huge: 1e15,
  },
  'rmsprop, centered, autoClip, throw': {
    make: () =>
      rmsprop({
        learningRate: 0.01,
        centered: true,
        momentum: 0.8,
        clip: autoClip({ percentile: 40, window: 4 }),
        nonFinite: 'throw',
      }),
    policy: 'throw',
    huge: 1e15,
  },
  'adam, perGroup of everything, skip': {
    make: () =>
      adam({
        learningRate: 0.02,
        clip: perGroup(
          [
            { match: /bias/, use: adaGC({ warmupSteps: 2 }) },
            { match: /kernel/, use: [spikeClip({ threshold: 2, decay: 0.9 }), autoClip({ window: 3 })] },
          ],
          { rest: errorFeedback(byNorm(0.3)) },
        ),
        nonFinite: 'skip',
      }),
    byName: true,
    policy: 'skip',
    huge: 1e15,
  },
  'sgd, accumulating 3, a chain, averages, skip': {
    make: () =>
      sgd({
        learningRate: 0.05,
        momentum: 0.9,
        nesterov: true,
        gradientAccumulationSteps: 3,
        clip: [
          errorFeedback(byValue(0.4)),
          adaGC({ warmupSteps: 2 }),
          autoClip({ window: 3, percentile: 60 }),
          clipWeights({ value: 1.5 }),
        ],
        emaMomentum: 0.9,
        nonFinite: 'skip',
      }),
    period: 3,
    averages: true,
    policy: 'skip',
    huge: 1e15,
  },
  'clip(tf.train.adam), byGlobalNorm, skip': {
    make: () => clip(tf.train.adam(0.02), { globalClipnorm: 1, nonFinite: 'skip' }),
    stock: true,
    policy: 'skip',
    huge: 1e15,
    model: { rule: 'adam', stock: true, rate: 0.02, clipping: { kind: 'globalNorm', limit: 1 }, policy: 'skip' },
  },
  'clip(tf.train.momentum), zClip': {
    make: () => clip(tf.train.momentum(0.05, 0.9), zClip(Z)),
    stock: true,
    free: freeMomentum,
    policy: 'propagate',
    huge: 1e6,
    model: { rule: 'momentum', rate: 0.05, clipping: z, policy: 'propagate' },
  },
  'clip(tf.train.sgd), perGroup of zClip, throw': {
    make: () =>
      clip(tf.train.sgd(0.05), {
        clip: perGroup([{ match: /kernel/, use: zClip(Z) }], { rest: byNorm(0.2) }),
        nonFinite: 'throw',
      }),
    stock: true,
    byName: true,
    policy: 'throw',
    huge: 1e6,
    model: { rule: 'sgd', rate: 0.05, clipping: kernels(z, { kind: 'norm', limit: 0.2 }), policy: 'throw' },
  },
  'clip(tf.train.adam), accumulating 2, byValue': {
    make: () => clip(tf.train.adam(0.02), [accumulateGradients(2), byValue(0.3)]),
    stock: true,
    period: 2,
    policy: 'propagate',
    huge: 1e15,
    model: {
      rule: 'adam',
      stock: true,
      rate: 0.02,
      clipping: { kind: 'value', limit: 0.3 },
      policy: 'propagate',
      period: 2,
    },
  },
  'clip(tf.train.sgd), accumulating 3, errorFeedback, skip': {
    make: () =>
      clip(tf.train.sgd(0.05), { clip: [accumulateGradients(3), errorFeedback(byGlobalNorm(0.5))], nonFinite: 'skip' }),
    stock: true,
    period: 3,
    policy: 'skip',
    huge: 1e15,
  },
  'clip(tf.train.adamax), adaGC, zero': {
    make: () => clip(tf.train.adamax(0.02), { clip: adaGC({ warmupSteps: 3 }), nonFinite: 'zero' }),
    stock: true,
    policy: 'zero',
    huge: 1e15,
  },
  'clip(tf.train.momentum), spikeClip, clipWeights, skip': {
    make: () =>
      clip(tf.train.momentum(0.05, 0.9), {
        clip: [spikeClip({ threshold: 2, decay: 0.9 }), clipWeights({ value: 1.2 })],
        nonFinite: 'skip',
      }),
    stock: true,
    free: freeMomentum,
    policy: 'skip',
    huge: 1e15,
  },
};
