/** The lines that people write by hand, each way in which they fail, and that clip() does not. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { byGlobalNorm, clip, clipMonitor, zClip } from '@clipkit/clip';
import { adam } from '@clipkit/optimizers';
import { batch, buildModel, loadFromMemory, saveToMemory, trainBatches, weightsOf } from './support/model';
import { runOn } from './support/runtimes';

afterEach(() => { tf.disposeVariables(); });

/** What is written by hand, word for word as in the README. */
function stepByHand(optimizer: tf.Optimizer, loss: () => tf.Scalar): void {
  const { grads } = tf.variableGrads(loss);
  const norm = tf.norm(tf.stack(Object.values(grads).map((gradient) => tf.norm(gradient))));
  const scale = tf.minimum(1, tf.div(1, norm));
  for (const name of Object.keys(grads)) grads[name] = tf.mul(grads[name]!, scale);
  optimizer.applyGradients(grads);
}

/** Two variables whose gradients are the given numbers: the loss is linear in them. */
function linear(first: readonly number[], second: readonly number[]): { variables: tf.Variable[]; loss: () => tf.Scalar } {
  const variables = [first, second].map((values, index) => tf.variable(tf.zeros([values.length]), true, `by hand ${index}`));
  const slopes = [first, second].map((values) => tf.tensor1d([...values]));
  return { variables, loss: () => tf.addN(variables.map((variable, index) => tf.sum(tf.mul(variable, slopes[index]!)))) as tf.Scalar };
}
const values = (variables: readonly tf.Variable[]): number[][] => variables.map((variable) => [...variable.dataSync()]);

/** One step of plain descent at a rate of 1, by hand and by clip(). */
function both(first: readonly number[], second: readonly number[]): { byHand: number[][]; ours: number[][] } {
  const hand = linear(first, second);
  stepByHand(tf.train.sgd(1), hand.loss);
  const byHand = values(hand.variables);
  tf.disposeVariables();
  const own = linear(first, second);
  clip(tf.train.sgd(1), { globalClipnorm: 1 }).minimize(own.loss, false, own.variables);
  return { byHand, ours: values(own.variables) };
}

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`on ${backend}`, () => {
    it('both do the same where nothing goes wrong', () => runOn(backend, () => {
      const { byHand, ours } = both([3, 0], [0, 4]);
      byHand.flat().forEach((value, index) => { expect(value).toBeCloseTo(ours.flat()[index]!, 6); });
    }));

    it('a gradient of 1e20 becomes 0 by hand: its square overflows, and 1/∞ is 0; nothing tells', () => runOn(backend, () => {
      const { byHand, ours } = both([1e20, 0], [0, 0]);
      expect(byHand.flat().every((value) => Math.abs(value) === 0)).toBe(true);
      expect(ours[0]![0]).toBeCloseTo(-1, 6);
    }));

    it('there is no place for the lines in model.fit', () => runOn(backend, async () => {
      const moved = async (optimizer: tf.Optimizer): Promise<number> => {
        const model = layers.sequential({ layers: [layers.layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'zeros' })] });
        model.compile({ optimizer, loss: 'meanSquaredError' });
        await model.fit(tf.tensor2d([[1000]]), tf.tensor2d([[1000]]), { epochs: 1, verbose: 0 });
        return Math.abs(weightsOf(model)[0]![0]!);
      };
      expect(await moved(tf.train.sgd(1))).toBe(2e6);
      expect(await moved(clip(tf.train.sgd(1), { globalClipnorm: 1 }))).toBeCloseTo(1, 6);
    }));

    it('every step by hand leaks: the gradients, their copies, the norm and the scale', () => runOn(backend, () => {
      const { variables, loss } = linear([3, 0], [0, 4]), optimizer = tf.train.sgd(1e-3), ours = clip(tf.train.sgd(1e-3), { globalClipnorm: 1 });
      const leaked = (step: () => void): number => {
        step();
        const before = tf.memory().numTensors;
        for (let at = 0; at < 10; at++) step();
        return (tf.memory().numTensors - before) / 10;
      };
      expect(leaked(() => { stepByHand(optimizer, loss); })).toBeGreaterThanOrEqual(7);
      expect(leaked(() => { ours.minimize(loss, false, variables); })).toBe(0);
    }));

    it('by hand each variable costs more kernels than its update; ours launches none of tfjs\'s', () => runOn(backend, async () => {
      const gradients = Object.fromEntries(Array.from({ length: 20 }, (_, index) => {
        const variable = tf.variable(tf.ones([4]), true, `many ${index}`);
        return [variable.name, tf.mul(variable, 3)];
      }));
      const count = async (step: () => void): Promise<number> => (await tf.profile(step)).kernels.length;
      const update = await count(() => { tf.train.sgd(1).applyGradients(gradients); });
      const byHand = await count(() => {
        const clipped = { ...gradients };
        const norm = tf.norm(tf.stack(Object.values(gradients).map((gradient) => tf.norm(gradient))));
        const scale = tf.minimum(1, tf.div(1, norm));
        for (const name of Object.keys(clipped)) clipped[name] = tf.mul(clipped[name]!, scale);
        tf.train.sgd(1).applyGradients(clipped);
      });
      const optimizer = clip(tf.train.sgd(1), { globalClipnorm: 1 }), fused = adam({ globalClipnorm: 1 });
      fused.applyGradients(gradients); // the first step makes its moments
      expect(byHand).toBeGreaterThan(2.5 * update);
      expect(await count(() => { optimizer.applyGradients(gradients); })).toBe(update);
      expect(await count(() => { fused.applyGradients(gradients); })).toBe(0);
    }));
  });
}

describe('NaN on wasm', () => {
  it('is laundered by hand: minimum(1, NaN) is 1 there, so the other variables take an unclipped step', () => runOn('wasm', () => {
    const { byHand, ours } = both([NaN, 0], [0, 1e6]);
    expect(byHand[1]).toEqual([0, -1e6]);
    expect(ours.flat().every(Number.isNaN)).toBe(true);
  }));

  it('clipByValue makes it a number that looks like any other', () => runOn('wasm', () => {
    expect([...tf.clipByValue([NaN], -1, 1).dataSync()]).toEqual([-1]);
    const variable = tf.variable(tf.zeros([1]), true, 'spoilt');
    clip(tf.train.sgd(1), { clipvalue: 1 }).applyGradients({ spoilt: tf.tensor1d([NaN]) });
    expect(variable.dataSync()[0]).toBeNaN();
  }));
});

describe('what is remembered', () => {
  /** An adaptive threshold as it is written by hand: a moving average of norms in a plain variable. */
  class MovingLimit {
    private mean = 0;
    apply(optimizer: tf.Optimizer, grads: tf.NamedTensorMap): void {
      const norm = Math.hypot(...Object.values(grads).flatMap((gradient) => [...gradient.dataSync()]));
      this.mean = this.mean ? 0.9 * this.mean + 0.1 * norm : norm;
      const scale = Math.min(1, this.mean / norm);
      optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, gradient]) => [name, tf.mul(gradient, scale)])));
    }
  }

  it('is lost by hand when a model is saved and loaded, and is not by clip()', () => runOn('cpu', async () => {
    const loss = 'meanSquaredError';
    const handTrain = (model: layers.LayersModel, limit: MovingLimit, from: number, to: number): void => {
      for (let step = from; step < to; step++) {
        const { xs, ys } = batch(step);
        limit.apply(model.optimizer, tf.variableGrads(() => tf.mean(tf.square(tf.sub(model.apply(xs) as tf.Tensor, ys))) as tf.Scalar, model.trainableWeights.map((weight) => weight.read() as tf.Variable)).grads);
      }
    };
    const run = async (resume: boolean): Promise<Float32Array[]> => {
      let model: layers.LayersModel = buildModel(), limit = new MovingLimit();
      model.compile({ optimizer: 'sgd', loss });
      handTrain(model, limit, 0, 4);
      if (resume) {
        model = await loadFromMemory(await saveToMemory(model));
        limit = new MovingLimit();
      }
      handTrain(model, limit, 4, 8);
      return weightsOf(model);
    };
    expect(await run(true)).not.toEqual(await run(false));

    const ours = async (resume: boolean): Promise<Float32Array[]> => {
      let model: layers.LayersModel = buildModel();
      model.compile({ optimizer: clip(tf.train.sgd(0.01), zClip({ warmupSteps: 6 })), loss });
      await trainBatches(model, 0, 4);
      if (resume) model = await loadFromMemory(await saveToMemory(model));
      await trainBatches(model, 4, 8);
      return weightsOf(model);
    };
    expect(await ours(true)).toEqual(await ours(false));
  }));
});

describe('what is seen', () => {
  it('is nothing by hand, and with clipMonitor the norms in History', () => runOn('cpu', async () => {
    const model = buildModel(), { xs, ys } = batch(0);
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    expect(Object.keys((await model.fit(xs, ys, { epochs: 1, verbose: 0 })).history)).toEqual(['loss']);
    const optimizer = clip(tf.train.sgd(0.01), byGlobalNorm(0.1));
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const { history } = await model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: [clipMonitor(optimizer)] as never });
    expect(Object.keys(history).sort()).toEqual(['clipRate', 'clippedNorm', 'gradNorm', 'loss']);
  }));
});
