/** What a NaN or an infinity does under each policy, for every strategy: it shows, or it is left out; it never stays in a state. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { adam, sgd } from '@clipkit/optimizers';
import { accumulateGradients, adaGC, autoClip, byGlobalNorm, byNorm, clip, clipGradients, errorFeedback, spikeClip, zClip, type GradientTransform, type NonFinitePolicy } from '@clipkit/clip';
import { largestDifference, Scene, SCENE_SHAPES, sceneGradients } from '@clipkit/core/testing';
import { applyNumbers, makeVariables } from './support/recorder';
import { RUNTIMES, runOn } from './support/runtimes';
import { STRATEGIES } from './support/strategies';

type Transforms = GradientTransform | readonly GradientTransform[];
const OPTIMIZERS: Record<string, (transforms: Transforms, nonFinite: NonFinitePolicy) => tf.Optimizer> = {
  'around tf.train.sgd': (transforms, nonFinite) => clip(tf.train.sgd(0.05), { clip: transforms, nonFinite }),
  fused: (transforms, nonFinite) => sgd({ learningRate: 0.05, clip: transforms, nonFinite }),
};
const KERNEL = 4;

afterEach(() => { tf.disposeVariables(); });

function inScene<T>(optimizer: tf.Optimizer, body: (scene: Scene) => T): T {
  const scene = new Scene(optimizer);
  try {
    return body(scene);
  } finally {
    scene.dispose();
  }
}

/** A step's gradients with one element of the dense kernel replaced. */
const spoilt = (step: number, value: number): Float32Array[] => sceneGradients(step).map((values, index) => (index === KERNEL ? values.map((each, at) => (at === 3 ? value : each)) : values));
const filled = (value: number): Float32Array[] => sceneGradients(0).map((values) => values.map(() => value));

for (const runtime of RUNTIMES) {
  for (const [how, make] of Object.entries(OPTIMIZERS)) {
    describe(`${how}, on ${runtime}`, () => {
      for (const [name, transforms] of Object.entries(STRATEGIES)) {
        it(`${name}: 'propagate' lets a NaN show`, () => runOn(runtime, () => inScene(make(transforms(), 'propagate'), (scene) => {
          scene.train(0, 2);
          // Six calls: whatever accumulates has made its step by then.
          scene.step(spoilt(2, NaN));
          scene.train(3, 6);
          expect(scene.values()[KERNEL]!.some(Number.isNaN)).toBe(true);
        })));

        it(`${name}: 'zero' takes NaN and infinities for 0`, () => runOn(runtime, () => {
          const run = (value: number): Float32Array[] => inScene(make(transforms(), 'zero'), (scene) => {
            scene.train(0, 3);
            scene.step(spoilt(3, value));
            return scene.train(4, 7).values();
          });
          const wanted = run(0);
          for (const value of [NaN, -Infinity]) expect(largestDifference(run(value), wanted)).toBe(0);
        }));
      }
    });
  }
}

describe('adaptive state', () => {
  const strategies: Record<string, () => GradientTransform> = {
    autoClip: () => autoClip({ percentile: 30, window: 6 }),
    zClip: () => zClip({ warmupSteps: 4, z: 1, decay: 0.8 }),
    adaGC: () => adaGC({ warmupSteps: 4 }),
    errorFeedback: () => errorFeedback(byGlobalNorm(1)),
    'errorFeedback around what remembers': () => errorFeedback([zClip({ warmupSteps: 3 }), byNorm(0.5)]),
  };
  for (const runtime of RUNTIMES) {
    for (const [name, transform] of Object.entries(strategies)) {
      for (const at of [2, 6]) {
        it(`of ${name} takes nothing in from a gradient of NaN in step ${at}, on ${runtime}`, () => runOn(runtime, () => {
          const run = (value: number | null): Float32Array[] => inScene(clip(tf.train.sgd(0.05), transform()), (scene) => {
            scene.train(0, at);
            const before = scene.values();
            if (value !== null) scene.step(filled(value));
            scene.assign(before);
            return scene.train(at, 10).values();
          });
          for (const value of [NaN, Infinity]) expect(largestDifference(run(value), run(null))).toBe(0);
        }));
      }
    }

    it(`of spikeClip keeps an element's moment over a NaN, on ${runtime}`, () => runOn(runtime, () => {
      const [variable] = makeVariables([{ name: 'element', shape: [2] }], [[0, 0]]), optimizer = clip(tf.train.sgd(1), spikeClip({ threshold: 4, decay: 0.5 }));
      applyNumbers(optimizer, [variable!], [[1, 1]]);
      applyNumbers(optimizer, [variable!], [[NaN, 1]]);
      variable!.assign(tf.tensor1d([0, 0]));
      applyNumbers(optimizer, [variable!], [[100, 100]]);
      expect([...variable!.dataSync()]).toEqual([-2, -2]);
      optimizer.dispose();
    }));

    it(`of errorFeedback is not spoilt by a single element, on ${runtime}`, () => runOn(runtime, () => {
      inScene(clip(tf.train.sgd(0.05), errorFeedback(byNorm(0.3))), (scene) => {
        scene.train(0, 3);
        const before = scene.values();
        scene.step(spoilt(3, Infinity));
        scene.assign(before);
        expect(scene.train(4, 9).values().every((values) => values.every(Number.isFinite))).toBe(true);
      });
    }));
  }
});

describe('accumulation', () => {
  const weights = [[0.5, -1, 2]], shapes = [{ name: 'sum', shape: [3] }];
  const micro = [[[1, 2, 3]], [[3, 0, -3]], [[5, 4, 3]]];
  const mean = [3, 2, 1];
  const run = (optimizer: tf.Optimizer, gradients: readonly (readonly (readonly number[])[])[]): number[] => {
    const variables = makeVariables(shapes, weights);
    for (const each of gradients) applyNumbers(optimizer, variables, each);
    const values = [...variables[0]!.dataSync()];
    variables[0]!.dispose();
    optimizer.dispose();
    return values;
  };
  const spoil = [[[NaN, 1, Infinity]]];

  for (const runtime of RUNTIMES) {
    describe(runtime, () => {
      it('of three micro-batches is the step of their mean', () => runOn(runtime, () => {
        const clipping = byGlobalNorm(1);
        for (const make of [(list: Transforms) => clip(tf.train.adam(0.1), list), (list: Transforms) => adam({ learningRate: 0.1, clip: list })]) {
          const wanted = run(make([clipping]), [[mean]]);
          run(make([accumulateGradients(3), clipping]), micro).forEach((value, at) => { expect(value).toBeCloseTo(wanted[at]!, 6); });
        }
      }));

      it('moves nothing before the last of them', () => runOn(runtime, () => {
        expect(run(clip(tf.train.sgd(1), accumulateGradients(3)), micro.slice(0, 2))).toEqual(weights[0]);
        expect(run(sgd({ learningRate: 1, clip: accumulateGradients(3) }), micro.slice(0, 2))).toEqual(weights[0]);
      }));

      for (const [how, make] of Object.entries({ ...OPTIMIZERS, 'around tf.train.momentum': ((transforms, nonFinite) => clip(tf.train.momentum(0.05, 0.9), { clip: transforms, nonFinite })) as typeof OPTIMIZERS[string] })) {
        it(`${how}: under 'skip' a spoilt micro-batch drops out of the mean`, () => runOn(runtime, () => {
          const wanted = run(make(accumulateGradients(2), 'skip'), micro.slice(0, 2));
          run(make(accumulateGradients(3), 'skip'), [micro[0]!, ...spoil, micro[1]!]).forEach((value, at) => { expect(value).toBeCloseTo(wanted[at]!, 6); });
        }));

        it(`${how}: under 'skip' there is no step where all were spoilt`, () => runOn(runtime, () => {
          const transforms = [accumulateGradients(2), byGlobalNorm(1)];
          expect(run(make(transforms, 'skip'), [...spoil, ...spoil])).toEqual(weights[0]);
          expect(run(make(transforms, 'skip'), [...spoil, ...spoil, ...micro.slice(0, 2)])).toEqual(run(make(transforms, 'skip'), micro.slice(0, 2)));
        }));

        it(`${how}: under 'propagate' a spoilt micro-batch shows once, and the sum is empty again`, () => runOn(runtime, () => {
          const wanted = run(make(accumulateGradients(2), 'propagate'), micro.slice(0, 2));
          const variables = makeVariables(shapes, weights), optimizer = make(accumulateGradients(2), 'propagate');
          applyNumbers(optimizer, variables, spoil[0]!);
          applyNumbers(optimizer, variables, micro[0]!);
          expect([...variables[0]!.dataSync()].some(Number.isNaN)).toBe(true);
          tf.tidy(() => { variables[0]!.assign(tf.tensor1d(weights[0]!)); });
          for (const each of micro.slice(0, 2)) applyNumbers(optimizer, variables, each);
          // Momentum's own slots keep the NaN, as they do without clipping.
          const seen = [...variables[0]!.dataSync()];
          if (how.includes('momentum')) expect(seen.some(Number.isNaN)).toBe(true);
          else expect(seen).toEqual(wanted);
          variables[0]!.dispose();
          optimizer.dispose();
        }));

        it(`${how}: 'throw' refuses a micro-batch and does not count it`, () => runOn(runtime, () => {
          const variables = makeVariables(shapes, weights), optimizer = make(accumulateGradients(2), 'throw');
          applyNumbers(optimizer, variables, micro[0]!);
          expect(() => { applyNumbers(optimizer, variables, spoil[0]!); }).toThrow(/sum/);
          expect([...variables[0]!.dataSync()]).toEqual(weights[0]);
          applyNumbers(optimizer, variables, micro[1]!);
          const values = [...variables[0]!.dataSync()];
          variables[0]!.dispose();
          expect(values).toEqual(run(make(accumulateGradients(2), 'throw'), micro.slice(0, 2)));
          optimizer.dispose();
        }));
      }
    });
  }

  it('is refused inside another transform', () => {
    expect(() => errorFeedback(accumulateGradients(2))).toThrow(/\[clip\] errorFeedback: transform must be .* got "accumulateGradients"/);
  });
});

describe('apply_if_finite sequences, as optax tests them', () => {
  // optax's apply_if_finite applies finite steps, leaves out the others, and counts them.
  for (const runtime of RUNTIMES) {
    it(`good, bad, bad, good on ${runtime}`, () => runOn(runtime, async () => {
      const variables = makeVariables([{ name: 'w', shape: [2] }], [[1, 1]]), optimizer = clip(tf.train.sgd(1), { globalClipnorm: 10, nonFinite: 'skip' });
      optimizer.observe();
      const seen: number[][] = [];
      for (const gradient of [[1, 0], [NaN, 0], [0, Infinity], [0, 1]]) {
        applyNumbers(optimizer, variables, [gradient]);
        seen.push([...variables[0]!.dataSync()]);
      }
      expect(seen).toEqual([[0, 1], [0, 1], [0, 1], [0, 0]]);
      const { step, nonFinite } = await optimizer.report();
      expect([step, nonFinite.steps, nonFinite.variables]).toEqual([2, 2, ['w']]);
      optimizer.dispose();
    }));
  }
});

describe("torch's error_if_nonfinite", () => {
  for (const runtime of RUNTIMES) {
    it(`refuses Inf, -Inf and NaN, and takes 2e22, on ${runtime}`, () => runOn(runtime, () => {
      for (const value of [Infinity, -Infinity, NaN]) {
        const gradients = [tf.tensor1d([1, value])];
        expect(() => clipGradients(gradients, { globalClipnorm: 1, nonFinite: 'throw' })).toThrow(/NaN or an infinity/);
      }
      const { gradients, norm } = clipGradients([tf.tensor1d([2e22, 0])], { globalClipnorm: 1, nonFinite: 'throw' });
      expect(norm.dataSync()[0]).toBe(Math.fround(2e22));
      expect([...gradients[0]!.dataSync()]).toEqual([1, 0]);
    }));
  }
  it('names are those of the scene', () => { expect(SCENE_SHAPES[KERNEL]!.name).toBe('head/dense_kernel'); });
});
