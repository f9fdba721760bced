/** Warnings: each once, each with what to do, and none where all is well. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { muon, sgd } from '@clipkit/optimizers';
import { accumulateGradients, adaptiveClip, byGlobalNorm, byNorm, byValue, centralizeGradients, clip, normalizeGradients, perGroup, softClip, type GradientTransform } from '@clipkit/clip';
import { applyNumbers, makeVariables } from './support/recorder';
import { runOn } from './support/runtimes';

let said: string[] = [];
beforeEach(async () => {
  await runOn('cpu', () => {});
  said = [];
  vi.spyOn(console, 'warn').mockImplementation((message: string) => {
    if (message.startsWith('[')) said.push(message); // tfjs has a greeting of its own
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

function run(optimizer: tf.Optimizer, steps: number, gradient: (step: number) => readonly number[] = () => [3, 4]): void {
  const variables = makeVariables([{ name: 'dense/kernel', shape: [2] }], [[0, 0]]);
  for (let step = 0; step < steps; step++) applyNumbers(optimizer, variables, [gradient(step)]);
  variables[0]!.dispose();
  optimizer.dispose();
}

const BOTH: Record<string, (transforms: GradientTransform | readonly GradientTransform[]) => tf.Optimizer> = {
  'around tf.train.sgd': (transforms) => clip(tf.train.sgd(0.1), transforms),
  fused: (transforms) => sgd({ learningRate: 0.1, clip: transforms }),
};

for (const [how, make] of Object.entries(BOTH)) {
  describe(how, () => {
    it('clipping that acts on more than 95 % of 200 steps', () => {
      run(make(byGlobalNorm(1)), 1000, (step) => (step % 50 ? [3, 4] : [0.1, 0]));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/^\[clip\] byGlobalNorm acted on 98 % of 200 steps: .*raise it \(suggestThreshold\(\)/);
    });

    it('not one that acts on 90 %', () => {
      run(make(byGlobalNorm(1)), 1000, (step) => (step % 10 ? [3, 4] : [0.1, 0]));
      expect(said).toEqual([]);
    });

    it('clipping that never acts in 200 steps', () => {
      run(make(byNorm(100)), 600);
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/^\[clip\] byNorm did not act once in 200 steps: .*lower the threshold/);
    });

    it('not a threshold of Infinity, which is there to observe', () => {
      run(make(byGlobalNorm(Infinity)), 300);
      expect(said).toEqual([]);
    });

    it('not what acts always by its nature', () => {
      for (const transform of [normalizeGradients(), softClip(1), centralizeGradients()]) run(make(transform), 300);
      expect(said).toEqual([]);
    });

    it('not before 200 steps', () => {
      run(make(byGlobalNorm(1)), 199);
      expect(said).toEqual([]);
    });

    it('a threshold that leaves nothing but zeros', () => {
      run(make(byGlobalNorm(0)), 5);
      expect(said).toEqual(['[clip] byGlobalNorm turned a gradient into nothing but zeros, so that nothing is learned; raise the threshold.']);
    });

    it('not a gradient that is zero itself', () => {
      run(make(byGlobalNorm(1)), 5, () => [0, 0]);
      expect(said).toEqual([]);
    });

    it('clipping before accumulation', () => {
      run(make([byGlobalNorm(1), accumulateGradients(2)]), 4);
      expect(said).toEqual(['[clip] byGlobalNorm stands before accumulateGradients: it limits single micro-batches, which is no limit of the mean that the step is made of; put accumulateGradients first.']);
    });

    it('not clipping after it, nor what is linear before it', () => {
      run(make([centralizeGradients(), accumulateGradients(2), byGlobalNorm(1)]), 4);
      expect(said).toEqual([]);
    });

    it('a group that matches nothing, and an exclusion that does', () => {
      run(make([perGroup([{ match: /bias$/, use: byValue(1) }, { match: 'dense/kernel', use: byValue(2) }]), adaptiveClip({ exclude: [/head/, 'gain'] })]), 10);
      expect(said).toEqual([
        '[clip] perGroup: the group /bias$/ gets none of the variables that have gradients: dense/kernel.',
        "[clip] adaptiveClip: exclude: /head/, 'gain' matches none of the variables that have gradients.",
      ]);
    });
  });
}

it('a factor before a rule that does not depend on it', () => {
  muon({ clip: [byNorm(1), byValue(1)] });
  expect(said).toEqual(["[clip] byNorm before muon means nothing: muon makes each variable's update of the same size, whatever the size of its gradient; leave byNorm out."]);
});
