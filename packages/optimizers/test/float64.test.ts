/** 50 steps with changing gradients, half of them clipped: every optimizer against code in double precision, and against tf.train. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { clip } from '@clipkit/clip';
import { largestDifference, Scene, SCENE_SHAPES, sceneGradients, sceneWeights } from '@clipkit/core/testing';
import * as o from '@clipkit/optimizers';
import * as f from './support/float64';

const STEPS = 50;
/** Half of the joint norms are larger. */
const MAX_NORM = 320;
const clipped = { globalClipnorm: MAX_NORM };

const RULES: Readonly<Record<string, readonly [() => o.FusedOptimizer, () => f.Step]>> = {
  sgd: [() => o.sgd({ ...clipped, learningRate: 1e-3 }), () => f.sgd(1e-3)],
  momentum: [() => o.momentum({ ...clipped, learningRate: 1e-4 }), () => f.sgd(1e-4, 0.9)],
  'momentum, nesterov': [() => o.momentum({ ...clipped, learningRate: 1e-4, momentum: 0.8, nesterov: true }), () => f.sgd(1e-4, 0.8, true)],
  rmsprop: [() => o.rmsprop({ ...clipped }), () => f.rmsprop(1e-3, 0.9, 0, 1e-7, false)],
  'rmsprop, centered': [() => o.rmsprop({ ...clipped, momentum: 0.7, centered: true, epsilon: 1e-3 }), () => f.rmsprop(1e-3, 0.9, 0.7, 1e-3, true)],
  adagrad: [() => o.adagrad({ ...clipped, learningRate: 0.05 }), () => f.adagrad(0.05, 0.1, 1e-7)],
  adadelta: [() => o.adadelta({ ...clipped, learningRate: 0.1 }), () => f.adadelta(0.1, 0.95, 1e-7, false)],
  'adadelta, as published': [() => o.adadelta({ ...clipped, learningRate: 0.5, divideBy: 'current' }), () => f.adadelta(0.5, 0.95, 1e-7, true)],
  adam: [() => o.adam({ ...clipped, learningRate: 0.01 }), () => f.adam(0.01, 0.9, 0.999, 1e-7)],
  'adam, amsgrad': [() => o.adam({ ...clipped, learningRate: 0.01, beta2: 0.9, amsgrad: true }), () => f.adam(0.01, 0.9, 0.9, 1e-7, { amsgrad: true })],
  adamW: [() => o.adamW({ ...clipped, learningRate: 0.01 }), () => f.adam(0.01, 0.9, 0.999, 1e-7, { decay: 0.004 })],
  adamax: [() => o.adamax({ ...clipped, decay: 0.1 }), () => f.adamax(2e-3, 0.9, 0.999, 1e-7, 0.1)],
  nadam: [() => o.nadam({ ...clipped, learningRate: 0.01 }), () => f.nadam(0.01, 0.9, 0.999, 1e-7)],
  radam: [() => o.radam({ ...clipped, learningRate: 0.01 }), () => f.radam(0.01, 0.9, 0.999, 1e-8)],
  'radam, long memory': [() => o.radam({ ...clipped, learningRate: 0.01, beta2: 0.9999 }), () => f.radam(0.01, 0.9, 0.9999, 1e-8)],
  lion: [() => o.lion({ ...clipped, weightDecay: 0.3 }), () => f.lion(1e-3, 0.9, 0.99, 0.3)],
  lamb: [() => o.lamb({ ...clipped, learningRate: 0.01, weightDecay: 0.1 }), () => f.lamb(0.01, 0.9, 0.999, 1e-7, 0.1)],
  lars: [() => o.lars({ ...clipped, learningRate: 0.3, weightDecay: 0.1, trustCoefficient: 0.01 }), () => f.lars(0.3, 0.9, false, 0.01, 0.1)],
  adafactor: [() => o.adafactor({ ...clipped, learningRate: 0.02 }), () => f.adafactor(0.02, -0.8, 1e-30, 1e-3, 1)],
  muon: [() => o.muon({ ...clipped, learningRate: 0.005 }), () => f.muon(0.005, 0.95, 0.004, 0.9, 0.999, 1e-7)],
};

const STOCK: Readonly<Record<string, readonly [(options: o.CommonOptions) => o.FusedOptimizer, () => tf.Optimizer]>> = {
  sgd: [(options) => o.sgd({ learningRate: 1e-3, ...options }), () => tf.train.sgd(1e-3)],
  momentum: [(options) => o.momentum({ learningRate: 1e-4, ...options }), () => tf.train.momentum(1e-4, 0.9)],
  'momentum, nesterov': [(options) => o.momentum({ learningRate: 1e-4, nesterov: true, ...options }), () => tf.train.momentum(1e-4, 0.9, true)],
  rmsprop: [(options) => o.rmsprop({ ...options }), () => tf.train.rmsprop(1e-3)],
  'rmsprop with momentum': [(options) => o.rmsprop({ momentum: 0.6, decay: 0.8, ...options }), () => tf.train.rmsprop(1e-3, 0.8, 0.6)],
  adagrad: [(options) => o.adagrad({ learningRate: 0.05, ...options }), () => tf.train.adagrad(0.05)],
  adadelta: [(options) => o.adadelta({ ...options }), () => tf.train.adadelta()],
  adam: [(options) => o.adam({ ...options }), () => tf.train.adam()],
  adamax: [(options) => o.adamax({ ...options }), () => tf.train.adamax()],
};

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => { await tf.setBackend(backend); });

  it.each(Object.entries(RULES))('%s is within 3e-6 of double precision', (_, [ours, theirs]) => {
    const scene = new Scene(ours()), step = theirs();
    const parameters = sceneWeights().map((values, index) => ({ ...SCENE_SHAPES[index]!, values: Float64Array.from(values) }));
    let acted = 0;
    for (let at = 0; at < STEPS; at++) {
      const gradients = sceneGradients(at).map((values) => Float64Array.from(values));
      scene.step(sceneGradients(at));
      acted += Number(f.clipJointly(gradients, MAX_NORM));
      step(parameters, gradients);
      expect(largestDifference(scene.values(), parameters.map(({ values }) => values)), `after step ${at + 1}`).toBeLessThanOrEqual(3e-6);
    }
    expect(acted).toBeGreaterThanOrEqual(20);
    expect(STEPS - acted).toBeGreaterThanOrEqual(20);
    scene.dispose();
  });

  it.each(Object.entries(STOCK))('%s is within 5e-5 of tf.train', (_, [ours, stock]) => {
    for (const how of [{}, clipped]) {
      const mine = new Scene(ours(how)), theirs = new Scene(clip(stock(), how));
      for (let at = 0; at < STEPS; at++) {
        for (const scene of [mine, theirs]) scene.step(sceneGradients(at));
        expect(largestDifference(mine.values(), theirs.values()), `after step ${at + 1}`).toBeLessThanOrEqual(5e-5);
      }
      mine.dispose();
      theirs.dispose();
    }
  });
});
