/** The options that all optimizers share: schedules, decay, accumulation, averages, clipping, and the order of a step. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accumulateGradients, byGlobalNorm, byNorm, byValue, chain, forceBackend, type GradientTransform } from '@clipkit/core';
import { clip, clipWeights } from '@clipkit/clip';
import { largestDifference, Scene, sceneGradients, sceneWeights, scalarPath } from '@clipkit/core/testing';
import { adam, adamW, linear, sgd, type CommonOptions, type FusedOptimizer } from '@clipkit/optimizers';
import { SUBJECTS, type Make } from './support/subjects';

const after = (optimizer: tf.Optimizer, steps = 8): Float32Array[] => {
  const scene = new Scene(optimizer).train(0, steps), values = scene.values();
  scene.dispose();
  return values;
};
const differ = (a: tf.Optimizer, b: tf.Optimizer, steps?: number): number => largestDifference(after(a, steps), after(b, steps));

const EACH = Object.entries(SUBJECTS);
afterEach(() => { forceBackend(null); });

describe.each(['cpu', 'wasm', 'eager'])('on %s', (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend === 'eager' ? 'cpu' : backend);
    if (backend === 'eager') forceBackend('eager');
  });

  it('follows a schedule of the learning rate, by attempted steps', () => {
    expect(scalarPath(sgd({ learningRate: linear({ from: 1, to: 0, steps: 4 }) }), [1, 1, 1, 1, 1])).toEqual([-1, -1.75, -2.25, -2.5, -2.5]);
    expect(scalarPath(sgd({ learningRate: (step) => step }), [1, 1, 1])).toEqual([0, -1, -3]);
    expect(scalarPath(sgd({ learningRate: linear({ from: 1, to: 0, steps: 4 }), nonFinite: 'skip' }), [NaN, 1])).toEqual([0, -0.75]);
  });

  it('reads and writes the learning rate while it runs', () => {
    const optimizer = sgd({ learningRate: linear({ from: 1, to: 0, steps: 4 }) });
    const scene = new Scene(optimizer).train(0, 1);
    expect(optimizer.learningRate).toBe(0.75);
    optimizer.learningRate = 0;
    const before = scene.values();
    expect(largestDifference(scene.train(1, 3).values(), before)).toBe(0);
    expect(() => { optimizer.learningRate = -1; }).toThrow(RangeError);
    expect(() => { optimizer.learningRate = '1' as never; }).toThrow(TypeError);
    expect(optimizer.learningRate).toBe(0);
    scene.dispose();
  });

  it('decays weights beside the step, and leaves out what is excluded by name', () => {
    expect(scalarPath(sgd({ learningRate: 0.5, weightDecay: 0.5 }), [0, 0], 4)).toEqual([3, 2.25]);
    expect(scalarPath(sgd({ learningRate: 0.5, weightDecay: 0.5 }), [2], 4)).toEqual([2]);
    const zero = (options: CommonOptions): number[] => {
      const scene = new Scene(sgd({ learningRate: 1, weightDecay: 0.5, ...options }));
      scene.step(scene.values().map((values) => values.fill(0)));
      const [start, now] = [sceneWeights(), scene.values()];
      scene.dispose();
      return now.map((values, index) => values[0]! / start[index]![0]!);
    };
    expect(zero({})).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(zero({ excludeFromWeightDecay: [/bias$/, 'gain'] })).toEqual([0.5, 1, 0.5, 0.5, 0.5, 1, 1]);
    expect(zero({ excludeFromWeightDecay: 'bias' })).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  });

  it('does not lose a decay that is smaller than a rounding error of one', () => {
    const steps = 2000, [last] = scalarPath(sgd({ learningRate: 1e-3, weightDecay: 1e-2 }), Array<number>(steps).fill(0), 1).slice(-1);
    expect(Math.abs(last! - (1 - 1e-5) ** steps)).toBeLessThan(3e-6);
  });

  it('takes the mean of micro-batches before it clips', () => {
    expect(scalarPath(sgd({ learningRate: 1, gradientAccumulationSteps: 3, clipvalue: 1 }), [3, -3, 0.75, 9, 0, 0])).toEqual([0, 0, -0.25, -0.25, -0.25, -1.25]);
    expect(scalarPath(clip(sgd({ learningRate: 1, gradientAccumulationSteps: 3 }), { clipvalue: 1 }) as unknown as FusedOptimizer, [3, -3, 0.75, 9, 0, 0])).toEqual([0, 0, -0.25, -0.25, -0.25, -1.25]);
    const halves = new Scene(adam({ learningRate: 0.01, gradientAccumulationSteps: 2, clipnorm: 1 }));
    const whole = new Scene(adam({ learningRate: 0.01, clipnorm: 1 }));
    for (let step = 0; step < 6; step++) {
      const [first, second] = [sceneGradients(2 * step), sceneGradients(2 * step + 1)];
      halves.step(first);
      halves.step(second);
      whole.step(first.map((values, index) => values.map((each, at) => (each + second[index]![at]!) / 2)));
    }
    expect(largestDifference(halves.values(), whole.values())).toBeLessThan(1e-6);
    expect(halves.optimizer.iterations).toBe(6);
    halves.dispose();
    whole.dispose();
  });

  it('runs in its order: accumulate, clip, rule and decay, weight clipping, average', () => {
    // mean 3 → clipped to 1 → w = 4 − 0.5 · 1 − 0.5 · 0.5 · 4 = 2.5 → clipped to 2 → average 2
    const options = { learningRate: 0.5, weightDecay: 0.5, clipvalue: 1, emaMomentum: 0.5, gradientAccumulationSteps: 2, clip: clipWeights({ value: 2 }) };
    const weight = tf.tidy(() => tf.variable(tf.scalar(4))), optimizer = sgd(options);
    const call = (...gradients: number[]): void => { for (const each of gradients) tf.tidy(() => { optimizer.applyGradients([{ name: weight.name, tensor: tf.scalar(each) }]); }); };
    call(2, 4);
    expect(weight.dataSync()[0]).toBe(2);
    call(-2, 0); // w = 2 + 0.5 − 0.5 = 2, the average stays
    call(2, 0); // w = 2 − 0.5 − 0.5 = 1, a = 1.5
    expect(weight.dataSync()[0]).toBe(1);
    optimizer.swapAveragedWeights();
    expect(weight.dataSync()[0]).toBe(1.5);
    optimizer.swapAveragedWeights();
    expect(weight.dataSync()[0]).toBe(1);
    weight.dispose();
    optimizer.dispose();
  });

  it('swaps averages in and out, and trains with neither lost', () => {
    const [scene, straight] = [new Scene(adam({ emaMomentum: 0.9 })).train(0, 5), new Scene(adam()).train(0, 5)];
    const optimizer = scene.optimizer as FusedOptimizer, weights = scene.values(), { numTensors } = tf.memory();
    optimizer.swapAveragedWeights();
    expect(largestDifference(scene.values(), weights)).toBeGreaterThan(1e-5);
    expect(() => { optimizer.applyGradients([]); }).toThrow(/swapAveragedWeights\(\) again before training/);
    optimizer.swapAveragedWeights();
    expect(largestDifference(scene.values(), weights)).toBe(0);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(largestDifference(scene.train(5, 9).values(), straight.train(5, 9).values())).toBe(0);
    scene.dispose();
    straight.dispose();
  });

  it('clip(optimizer, transform) is the option clip, as one program', () => {
    const transforms: Record<string, () => GradientTransform | readonly GradientTransform[]> = {
      byGlobalNorm: () => byGlobalNorm(1), 'a list': () => [byValue(2), byNorm(1)], 'a chain': () => chain(byNorm(1), byGlobalNorm(2)), 'weights too': () => [byNorm(1), clipWeights({ value: 0.5 })],
    };
    for (const transform of Object.values(transforms)) {
      const options = { weightDecay: 0.1, emaMomentum: 0.9 };
      const wrapped = clip(adam(options), transform()), given = adam({ ...options, clip: transform() });
      expect(wrapped.inner).toBeNull();
      expect(wrapped.getConfig()).toEqual(given.getConfig());
      expect(differ(wrapped, given)).toBe(0);
      expect(differ(adam({ ...options, clip: transform() }), adam(options))).toBeGreaterThan(0);
    }
    expect(differ(clip(adam({ clipnorm: 1 }), byValue(0.1)), adam({ clip: byValue(0.1), clipnorm: 1 }))).toBe(0);
  });

  it('keeps a learning rate that was set before clip()', () => {
    const optimizer = sgd({ learningRate: 1 });
    optimizer.learningRate = 0.25;
    const wrapped = clip(optimizer, byNorm(1));
    expect(wrapped.learningRate).toBe(0.25);
    expect(differ(wrapped, sgd({ learningRate: 0.25, clipnorm: 1 }))).toBe(0);
  });
});

describe('every optimizer', () => {
  beforeEach(async () => { await tf.setBackend('wasm'); });

  it.each(EACH)('%s takes all common options, and each acts', (_, make: Make) => {
    const plain = after(make());
    const acting: Record<string, CommonOptions> = {
      clipvalue: { clipvalue: 1e-3 }, clipnorm: { clipnorm: 1e-3 }, globalClipnorm: { globalClipnorm: 1e-3 }, clip: { clip: clipWeights({ value: 0.05 }) },
      weightDecay: { weightDecay: 0.5 }, learningRate: { learningRate: 1e-4 }, accumulation: { gradientAccumulationSteps: 4 },
      schedule: { learningRate: linear({ from: 1e-3, to: 0, steps: 5 }) },
    };
    for (const [name, options] of Object.entries(acting)) expect(largestDifference(after(make(options)), plain), name).toBeGreaterThan(0);
    expect(largestDifference(after(make({ emaMomentum: 0.5, nonFinite: 'skip' })), plain), 'nothing of this changes a step').toBeLessThan(1e-6);
  });

  it.each(EACH)('%s refuses what it does not know, before anything is made', (_, make: Make) => {
    const { numTensors } = tf.memory();
    expect(() => make({ learningrate: 1 } as never)).toThrow(/^\[optimizers\] \w+: unknown option "?'?learningrate/);
    expect(() => make({ learningRate: -1 })).toThrow(RangeError);
    expect(() => make({ learningRate: NaN })).toThrow(RangeError);
    expect(() => make({ weightDecay: -0.1 })).toThrow(RangeError);
    expect(() => make({ weightDecay: '0.1' as never })).toThrow(TypeError);
    expect(() => make({ emaMomentum: 1 })).toThrow(RangeError);
    expect(() => make({ gradientAccumulationSteps: 0 })).toThrow(RangeError);
    expect(() => make({ clipnorm: 1, clipvalue: 1 })).toThrow(/at most one/);
    expect(() => make({ excludeFromWeightDecay: 3 as never })).toThrow(TypeError);
    expect(() => make({ gradientAccumulationSteps: 2, clip: accumulateGradients(2) })).toThrow(/at most one accumulation/);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('swapAveragedWeights() says what it needs', () => {
    expect(() => { adam().swapAveragedWeights(); }).toThrow(/emaMomentum/);
    expect(() => { adam({ emaMomentum: 0.9 }).swapAveragedWeights(); }).toThrow(/before the first step/);
  });

  it('weight decay knows a variable again whose name loading has changed', () => {
    const first = new Scene(adamW({ learningRate: 1, weightDecay: 0.5, excludeFromWeightDecay: 'head/bias' }));
    const second = new Scene(adamW({ learningRate: 1, weightDecay: 0.5, excludeFromWeightDecay: 'head/bias' }));
    expect(second.variables[5]!.name).toBe('head/bias_1');
    expect(largestDifference(second.train(0, 3).values(), first.train(0, 3).values())).toBe(0);
    first.dispose();
    second.dispose();
  });
});

/** Keras's ReduceLROnPlateau with no patience, as its users write it. */
function reduceOnPlateau(optimizer: { learningRate: number }, factor: number): { onEpochEnd(epoch: number, logs?: tf.TensorContainer): Promise<void> } {
  let best = Infinity;
  return {
    async onEpochEnd(_epoch, logs) {
      const { loss } = logs as { loss: number };
      if (loss > best - 1e-9) optimizer.learningRate *= factor;
      best = Math.min(best, loss);
    },
  };
}

it('a callback that reduces the learning rate on a plateau takes effect in the next epoch', async () => {
  await tf.setBackend('cpu');
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'ones' })] });
  // With w ← w − 2 w at η = 1 the loss w² never falls; at η = 0.5 one step ends it.
  const optimizer = sgd({ learningRate: 1 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const [xs, ys] = [tf.ones([1, 1]), tf.zeros([1, 1])];
  const { history } = await model.fit(xs, ys, { epochs: 4, verbose: 0, callbacks: reduceOnPlateau(optimizer, 0.5) as tfl.CustomCallbackArgs });
  expect(history['loss']).toEqual([1, 1, 1, 0]);
  expect(optimizer.learningRate).toBe(0.25);
  tf.dispose([xs, ys]);
  model.dispose();
  optimizer.dispose();
});
