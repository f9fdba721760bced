/**
 * A thousand random chains over random variables: the fused programs equal tf ops on cpu, nothing leaks, and the configuration comes
 * back from JSON as it was.
 */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { accumulateGradients, adaGC, adaptiveClip, autoClip, byBlockRms, byGlobalNorm, byNorm, byValue, centralizeGradients, clip, clipWeights, cosine, errorFeedback, linear, normalizeGradients, perGroup, softClip, spikeClip, truncateGradients, zClip, type GradientTransform, type Threshold } from '@clipkit/clip';
import { ClipkitOptimizer } from '@clipkit/core';
import { largestDifference, randomNumbers } from '@clipkit/core/testing';
import { sgd } from '@clipkit/optimizers';
import { applyNumbers, makeVariables } from './support/recorder';
import { RUNTIMES, runOn, type Runtime } from './support/runtimes';

const CHAINS = 1000, STEPS = 3, TOLERANCE = 1e-5;

class Chance {
  private readonly next: () => number;
  constructor(seed: number) {
    this.next = randomNumbers(seed);
  }
  between(low: number, high: number): number {
    return low + ((this.next() + 1) / 2) * (high - low);
  }
  /** A whole number, `high` excluded. */
  below(high: number): number {
    return Math.floor(this.between(0, high));
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
  /** A threshold over two orders of magnitude, sometimes a schedule. */
  threshold(): Threshold {
    const value = 10 ** this.between(-1.5, 0.5);
    return this.pick([value, value, linear({ from: value, to: value / 3, steps: 3 }), cosine({ from: value, to: 2 * value, steps: 5 })]);
  }
}

const ATOMS: readonly ((chance: Chance) => GradientTransform)[] = [
  (chance) => byValue(chance.threshold()),
  (chance) => byValue([-chance.between(0, 1), chance.threshold()]),
  (chance) => byNorm(chance.threshold(), { ord: chance.pick([1, 2, 2, 3, Infinity]) }),
  (chance) => byGlobalNorm(chance.threshold(), { ord: chance.pick([1, 2, 2, 1.5, Infinity]), minNorm: chance.pick([0, 0.01]) }),
  (chance) => byBlockRms(chance.threshold()),
  (chance) => adaptiveClip({ clipping: chance.threshold(), exclude: chance.pick([[], /2/, 'v1']) }),
  (chance) => autoClip({ percentile: chance.between(0, 100), window: 1 + chance.below(5) }),
  (chance) => zClip({ z: chance.between(0.1, 2), decay: chance.between(0.5, 0.99), warmupSteps: 1 + chance.below(2), maxNorm: chance.threshold() }),
  (chance) => adaGC({ warmupSteps: 1 + chance.below(2), absolute: chance.threshold() }),
  (chance) => spikeClip({ threshold: chance.between(0.5, 5), decay: chance.between(0.5, 0.99) }),
  (chance) => softClip(chance.threshold()),
  (chance) => normalizeGradients({ to: chance.threshold() }),
  () => centralizeGradients(),
  (chance) => truncateGradients(chance.pick([{ fraction: chance.between(0, 1) }, { length: chance.below(5) }])),
];
const COMPOUNDS: readonly ((chance: Chance) => GradientTransform)[] = [
  (chance) => errorFeedback([chance.pick(ATOMS)(chance), chance.pick(ATOMS)(chance)]),
  (chance) => perGroup([{ match: /[01]/, use: chance.pick(ATOMS)(chance) }], chance.pick([{}, { rest: [chance.pick(ATOMS)(chance)] }])),
  (chance) => clipWeights(chance.pick([{ value: chance.threshold() }, { norm: chance.threshold() }])),
];

interface Case {
  readonly transforms: GradientTransform[];
  readonly fused: boolean;
  readonly shapes: { name: string; shape: number[] }[];
  readonly weights: number[][];
  readonly gradients: number[][][];
}

function makeCase(seed: number): Case {
  const chance = new Chance(seed);
  const transforms = Array.from({ length: 1 + chance.below(4) }, () => chance.pick([...ATOMS, ...COMPOUNDS])(chance));
  if (chance.below(6) === 0) transforms.unshift(accumulateGradients(1 + chance.below(3)));
  const shapes = Array.from({ length: 1 + chance.below(4) }, (_, index) => ({ name: `v${index}`, shape: Array.from({ length: chance.below(5) }, () => (chance.below(25) ? 1 + chance.below(6) : 0)) }));
  const numbers = (shape: readonly number[], scale: number): number[] => Array.from({ length: shape.reduce((all, each) => all * each, 1) }, () => Math.fround(chance.between(-scale, scale)));
  return {
    transforms, shapes, fused: chance.below(2) === 0,
    weights: shapes.map(({ shape }) => numbers(shape, 1)),
    gradients: Array.from({ length: STEPS }, () => shapes.map(({ shape }) => numbers(shape, 10 ** chance.between(-2, 1.5)))),
  };
}

/** On the oracle as built, elsewhere as it came back from JSON. */
function run({ transforms, fused, shapes, weights, gradients }: Case, runtime: Runtime): Float32Array[] {
  let optimizer: tf.Optimizer = fused ? sgd({ learningRate: 0.3, clip: transforms }) : clip(tf.train.sgd(0.3), transforms);
  if (runtime !== 'eager') {
    const config = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
    const rebuilt = ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, config) as tf.Optimizer;
    expect(rebuilt.getConfig()).toEqual(optimizer.getConfig());
    optimizer.dispose();
    optimizer = rebuilt;
  }
  const variables = makeVariables(shapes, weights);
  for (const step of gradients) applyNumbers(optimizer, variables, step);
  const values = variables.map((variable) => variable.dataSync().slice() as Float32Array);
  variables.forEach((variable) => { variable.dispose(); });
  optimizer.dispose();
  return values;
}

it(`${CHAINS} random chains`, async () => {
  const wanted: Float32Array[][] = [], kinds = new Set<string>();
  for (const runtime of RUNTIMES) {
    await runOn(runtime, () => {
      for (let seed = 0; seed < CHAINS; seed++) {
        const each = makeCase(seed);
        const { numTensors, numBytes } = tf.memory();
        const values = run(each, runtime);
        const after = tf.memory();
        expect([after.numTensors, after.numBytes], `chain ${seed}`).toEqual([numTensors, numBytes]);
        if (runtime === 'eager') {
          wanted.push(values);
          each.transforms.forEach(({ kind }) => kinds.add(kind));
          continue;
        }
        const difference = largestDifference(values, wanted[seed]!);
        if (difference > TOLERANCE) expect.unreachable(`chain ${seed}, ${each.transforms.map(({ kind }) => kind).join(' | ')}, differs by ${difference} on ${runtime}`);
      }
    });
  }
  expect(kinds.size).toBe(new Set([...ATOMS, ...COMPOUNDS].map((make) => make(new Chance(1)).kind)).size + 1);
  expect(wanted.every((run_) => run_.every((values) => values.every(Number.isFinite)))).toBe(true);
});

it('chains of any length, whose norms alternate between the step and its variables', async () => {
  const chance = new Chance(77);
  const shapes = [{ name: 'v0', shape: [4, 3] }, { name: 'v1', shape: [5] }], numbers = randomNumbers(5);
  const values = shapes.map(({ shape }) => Float64Array.from({ length: shape.reduce((all, each) => all * each, 1) }, () => numbers()));
  for (const length of [7, 8, 9, 16, 40, 64]) {
    for (const kinds of [[3], [3, 2, 0, 10, 11, 12, 4], [7, 8, 6]]) {
      const chain = Array.from({ length }, (_, index) => ATOMS[kinds[index % kinds.length]!]!(chance));
      const results: Float32Array[] = [];
      for (const runtime of RUNTIMES) {
        await runOn(runtime, () => {
          const variables = makeVariables(shapes, values);
          const optimizer = sgd({ learningRate: 0.1, clip: chain });
          for (let step = 0; step < 3; step++) applyNumbers(optimizer, variables, values.map((each) => each.map((value) => value * (1 + step))));
          results.push(Float32Array.from(variables.flatMap((variable) => [...variable.dataSync()])));
          optimizer.dispose();
          tf.dispose(variables);
        });
      }
      for (const result of results.slice(1)) expect(largestDifference([result], [results[0]!]), `${length} of ${kinds.join()}`).toBeLessThan(TOLERANCE);
    }
  }
});
