/** What is asked of an optimizer while something else is still pending, and lists of variables in whatever mixture. */
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accumulateGradients, autoClip, byGlobalNorm, clip } from '@clipkit/clip';
import { forceBackend } from '@clipkit/core';
import { adam, momentum, sgd } from '@clipkit/optimizers';

const read = (weights: readonly { name: string; tensor: tf.Tensor }[]): unknown => weights.map(({ name, tensor }) => [name, [...tensor.dataSync()]]);

function variable(name: string, values: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor1d([...values]), true, name));
}

/** One call with these gradients; null is none. */
function call(optimizer: tf.Optimizer, ...entries: readonly (readonly [tf.Variable, readonly number[] | null])[]): void {
  tf.tidy(() => { optimizer.applyGradients(entries.map(([{ name }, values]) => ({ name, tensor: values && tf.tensor1d([...values]) })) as never); });
}

afterEach(() => {
  forceBackend(null);
  tf.disposeVariables();
});

describe.each(['cpu', 'wasm', 'eager', 'eagerOnDevice'])('on %s', (kind) => {
  beforeEach(async () => {
    const forced = kind === 'eager' || kind === 'eagerOnDevice' ? kind : null;
    await tf.setBackend(forced ? 'cpu' : kind);
    forceBackend(forced);
  });

  it('a snapshot that is still being made when the next one is asked for reaches its caller whole', async () => {
    const w = variable('w', [1, 2]), optimizer = adam({ globalClipnorm: 1 });
    call(optimizer, [w, [1, 2]]);
    const expected = read(await optimizer.getWeights());
    call(optimizer, [w, [3, 1]]);
    const second = optimizer.getWeights();
    call(optimizer, [w, [-1, 1]]);
    const third = optimizer.getWeights();
    call(optimizer, [w, [-1, 1]]);
    const fourth = optimizer.getWeights();
    const all = (await Promise.all([second, third, fourth])).map(read);
    expect(new Set([expected, ...all].map((each) => JSON.stringify(each))).size).toBe(4);
    await optimizer.getWeights();
    optimizer.dispose();
    w.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  it('dispose() while something is pending leaves nothing', async () => {
    for (const make of [() => adam({ globalClipnorm: 1, emaMomentum: 0.9 }), () => clip(tf.train.adam(0.1), autoClip())]) {
      const w = variable('w', [1, 2]), optimizer = make();
      call(optimizer, [w, [1, 2]]);
      const copies = (await optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
      const pending = [optimizer.setWeights(copies), optimizer.getWeights(), optimizer.report(), optimizer.report()];
      optimizer.dispose();
      await Promise.allSettled(pending);
      tf.dispose(copies.map(({ tensor }) => tensor));
      w.dispose();
      expect(tf.memory().numTensors).toBe(0);
    }
  });

  it('report() while steps go on', async () => {
    const w = variable('w', [1, 2]), optimizer = adam({ globalClipnorm: 1 });
    await optimizer.report();
    call(optimizer, [w, [1, 2]]);
    for (let at = 0; at < 10; at++) {
      const reports = [optimizer.report(), optimizer.report()];
      for (let wait = 0; wait < at; wait++) await null;
      call(optimizer, [w, [1, 2]]);
      const [first] = await Promise.all(reports);
      expect(first!.norm).toBeCloseTo(Math.sqrt(5));
    }
    optimizer.dispose();
  });

  it('a list without gradients that was seen does not swallow the second of a name', () => {
    const [a, b] = [variable('a', [1]), variable('b', [1])] as const, optimizer = sgd({ learningRate: 1 });
    call(optimizer, [a, null], [a, null], [b, [1]]);
    call(optimizer, [a, null], [a, [1]], [b, [1]]);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([0, -1]);
    optimizer.dispose();
  });

  it('lists that came together once have cycles of their own when they come by turns', async () => {
    const [a, b] = [variable('a', [0]), variable('b', [0])] as const;
    const optimizer = sgd({ learningRate: 1, gradientAccumulationSteps: 2 });
    call(optimizer, [a, [1]], [b, [1]]);
    call(optimizer, [a, [1]], [b, [1]]);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-1, -1]);
    for (let time = 0; time < 2; time++) {
      call(optimizer, [a, [1]]);
      call(optimizer, [b, [1]]);
    }
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-2, -2]);
    optimizer.dispose();
  });

  it('swaps no averages while saved ones wait for their variables', async () => {
    const [a, b] = [variable('a', [1]), variable('b', [2])] as const;
    const first = sgd({ learningRate: 1, emaMomentum: 0.5 }), second = sgd({ learningRate: 1, emaMomentum: 0.5 });
    for (let time = 0; time < 3; time++) call(first, [a, [1]], [b, [1]]);
    await second.setWeights(await first.getWeights());
    call(second, [a, [1]]);
    expect(() => second.swapAveragedWeights()).toThrow(/saved averages of b,.*pass the model's variables/);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-3, -1]);
    second.swapAveragedWeights([b]);
    first.swapAveragedWeights();
    first.swapAveragedWeights();
    expect(b.dataSync()[0]).not.toBe(-1);
    second.swapAveragedWeights();
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-3, -1]);
    first.dispose();
    second.dispose();
  });

  it('setWeights of another\'s snapshot, twice, and tensors disposed right after', async () => {
    const [a, b] = [variable('a', [1]), variable('b', [2])] as const;
    const make = (): tf.Optimizer & { dispose(): void } => momentum({ learningRate: 0.1, momentum: 0.9, globalClipnorm: 1 });
    const first = make(), second = make();
    for (let time = 0; time < 3; time++) call(first, [a, [1]], [b, [1]]);
    const weights = await first.getWeights();
    const loading = second.setWeights(weights);
    tf.dispose(weights.map(({ tensor }) => tensor));
    await loading;
    const own = await first.getWeights();
    await Promise.all([first.setWeights(own), first.setWeights(own)]);
    expect(read(await second.getWeights())).toEqual(read(await first.getWeights()));
    first.dispose();
    second.dispose();
    a.dispose();
    b.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  it('a step while the wrapped optimizer is being read gives no torn snapshot', async () => {
    class Foreign extends tf.Optimizer {
      static get className(): string { return 'ForeignOptimizer'; }
      slot = tf.tidy(() => tf.variable(tf.tensor1d([0]), false));
      override applyGradients(gradients: { name: string; tensor: tf.Tensor }[]): void {
        for (const { tensor } of gradients) this.slot.assign(tf.add(this.slot, tensor) as tf.Tensor1D);
        this.incrementIterations();
      }
      override async getWeights(): Promise<{ name: string; tensor: tf.Tensor }[]> { return [{ name: 'slot', tensor: this.slot }]; }
      override getConfig(): tf.serialization.ConfigDict { return {}; }
    }
    const w = variable('w', [1]), optimizer = clip(new Foreign(), byGlobalNorm(10));
    call(optimizer, [w, [1]]);
    const pending = optimizer.getWeights();
    call(optimizer, [w, [1]]);
    await expect(pending).rejects.toThrow(/a step was taken while the wrapped optimizer was being read/);
    expect(read(await optimizer.getWeights())).toContainEqual(['inner/slot', [2]]);
    optimizer.dispose();
  });

  it.each<[string, () => tf.Optimizer & { dispose(): void }]>([
    ['of ours', () => adam({ gradientAccumulationSteps: 3, emaMomentum: 0.9 })],
    ['around tf.train.momentum', () => clip(tf.train.momentum(0.1, 0.9), [accumulateGradients(2), byGlobalNorm(1)])],
  ])('goes on with the same bits after loading at any call, whichever variables come together, %s', async (_name, make) => {
    const sizes = [2, 3, 1], presence = fc.constantFrom('gradient', 'gradient', 'null', 'left out');
    const calls = fc.array(fc.record({ list: fc.tuple(presence, presence, presence), seed: fc.nat(99) }), { minLength: 1, maxLength: 12 });
    const outside = tf.memory().numTensors;
    await fc.assert(fc.asyncProperty(calls, fc.nat(12), async (all, cut) => {
      const variables = sizes.map((size, at) => variable('abc'[at]!, Array<number>(size).fill(1)));
      const values = (): number[][] => variables.map((each) => [...each.dataSync()]);
      const step = (optimizer: tf.Optimizer, from: number, to?: number): void => {
        for (const { list, seed } of all.slice(from, to)) {
          call(optimizer, ...variables.flatMap((each, at): (readonly [tf.Variable, number[] | null])[] => {
            if (list[at] === 'left out') return [];
            return [[each, list[at] === 'null' ? null : Array.from({ length: each.size }, (_, index) => Math.sin(seed + 7 * index + at))]];
          }));
        }
      };
      const [first, second] = [make(), make()];
      step(first, 0, cut);
      const before = values(), saved = (await first.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
      step(first, cut);
      const wanted = values();
      variables.forEach((each, at) => { tf.tidy(() => { each.assign(tf.tensor1d(before[at]!)); }); });
      await second.setWeights(saved);
      step(second, cut);
      expect(values()).toEqual(wanted);
      tf.dispose([...saved.map(({ tensor }) => tensor), ...variables]);
      for (const each of [first, second]) each.dispose();
      expect(tf.memory().numTensors).toBe(outside);
    }), { numRuns: 40 });
  });
});
