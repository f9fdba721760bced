/** What an optimizer remembers: handed out as snapshots, noticed when its memory has gone or moved, kept apart for lists that come by turns. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { autoClip, byGlobalNorm, byNorm, byValue, clip, perGroup, zClip } from '@clipkit/clip';
import { ClipkitOptimizer, forceBackend } from '@clipkit/core';
import { largestDifference, Scene, sceneGradients } from '@clipkit/core/testing';
import { adam, fuse, momentum, sgd } from '@clipkit/optimizers';
import { call, variable } from './support/steps';

type Weights = { name: string; tensor: tf.Tensor }[];
const numbers = async (weights: Weights): Promise<number[][]> => Promise.all(weights.map(async ({ tensor }) => [...await tensor.data()]));

const other = (backend: string): string => (backend === 'cpu' ? 'wasm' : 'cpu');

afterEach(() => {
  forceBackend(null);
  tf.disposeVariables();
});

describe.each(['cpu', 'wasm', 'eager'])('on %s', (kind) => {
  const backend = kind === 'eager' ? 'cpu' : kind;
  beforeEach(async () => {
    await tf.setBackend(backend);
    forceBackend(kind === 'eager' ? 'eager' : null);
  });

  it.each<[string, () => tf.Optimizer]>([
    ['of ours', () => adam({ globalClipnorm: 1, emaMomentum: 0.9 })],
    ['around tf.train.adam', () => clip(tf.train.adam(0.1), zClip())],
  ])('a snapshot stays what it was, and is nobody else\'s memory, %s', async (_name, make) => {
    const scene = new Scene(make()).train(0, 3);
    const taken = await scene.optimizer.getWeights() as Weights, before = await numbers(taken);
    const clones = taken.map(({ tensor }) => tf.clone(tensor));
    const twin = new Scene(make()).train(0, 9);
    scene.train(3, 6);
    expect(await numbers(taken)).toEqual(before);
    expect(await Promise.all(clones.map(async (each) => [...await each.data()]))).toEqual(before);
    // Whoever disposes them takes nothing from the optimizer, and what is made next is not overwritten by it.
    tf.dispose(taken.map(({ tensor }) => tensor));
    const bystanders = sceneGradients(1).map((values) => tf.tensor1d(values));
    scene.train(6, 9);
    bystanders.forEach((each, index) => { expect([...each.dataSync()]).toEqual([...sceneGradients(1)[index]!]); });
    expect(largestDifference(scene.values(), twin.values())).toBe(0);
    tf.dispose([clones, bystanders]);
    for (const each of [scene, twin]) each.dispose();
  });

  it('a snapshot is asked for once, as long as nothing happens, and none is left after dispose', async () => {
    const { numTensors } = tf.memory();
    const scene = new Scene(adam()).train(0, 2);
    const [first, second] = [await scene.optimizer.getWeights(), await scene.optimizer.getWeights()];
    expect(second.map(({ tensor }) => tensor.id)).toEqual(first.map(({ tensor }) => tensor.id));
    const before = await numbers(first as Weights);
    let held = 0;
    for (let step = 2; step < 8; step++) {
      scene.train(step, step + 1);
      const next = await scene.optimizer.getWeights() as Weights;
      if (step === 2) {
        held = tf.memory().numTensors;
        expect(await numbers(first as Weights)).toEqual(before);
        expect(await numbers(next)).not.toEqual(before);
      }
    }
    expect(tf.memory().numTensors).toBe(held);
    scene.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('state that was moved to another backend and back is found', async () => {
    const [moved, stayed] = [new Scene(momentum({ momentum: 0.9 })).train(0, 4), new Scene(momentum({ momentum: 0.9 })).train(0, 4)];
    await tf.setBackend(other(backend));
    // Reading moves what is read, and so does computing with it.
    for (const { tensor } of await moved.optimizer.getWeights()) tf.tidy(() => { tf.cast(tensor, 'bool'); });
    await tf.setBackend(backend);
    // What was freed there is given to others.
    const bystanders = Array.from({ length: 50 }, (_, index) => tf.fill([90], index));
    moved.train(4, 8);
    bystanders.forEach((each, index) => { expect([...each.dataSync()]).toEqual(new Array(90).fill(index)); });
    expect(largestDifference(moved.values(), stayed.train(4, 8).values())).toBe(0);
    tf.dispose(bystanders);
    for (const each of [moved, stayed]) each.dispose();
  });

  it('a group of which no variable has a gradient remembers nothing of the step', () => {
    const make = (): ClipkitOptimizer<null> => sgd({ learningRate: 1, clip: perGroup([{ match: /^frozen/, use: [autoClip({ percentile: 50 }), zClip({ warmupSteps: 3 })] }], { rest: zClip() }) });
    const run = (rests: number): number[] => {
      const optimizer = make(), frozen = variable('frozen', [0, 0]), free = variable('free', [0, 0]);
      for (let step = 0; step < 3; step++) call(optimizer, [frozen, [0.3, 0.4]], [free, [3, 4]]);
      for (let step = 0; step < rests; step++) call(optimizer, [frozen, null], [free, [3, 4]]);
      call(optimizer, [frozen, [0.3, 0.4]], [free, [3, 4]]);
      const values = [...frozen.dataSync()];
      tf.dispose([frozen, free]);
      optimizer.dispose();
      return values;
    };
    expect(run(20)).toEqual(run(0));
    expect(run(20)[0]).toBeCloseTo(-1.2, 5);
  });

  it.each<[string, () => tf.Optimizer]>([
    ['of ours', () => adam({ learningRate: 0.1, clip: [zClip(), autoClip({ window: 3 })] })],
    ['around tf.train.adam', () => clip(tf.train.adam(0.1), autoClip({ window: 3 }))],
    ['accumulating', () => adam({ learningRate: 0.1, gradientAccumulationSteps: 2 })],
  ])('a list without any gradient changes nothing at all, %s', async (_name, make) => {
    const optimizer = make(), [a, b] = [variable('a', [1, 2]), variable('b', [3])];
    call(optimizer, [a, [1, -1]], [b, [0.5]]);
    const before = [await numbers(await optimizer.getWeights()), optimizer.iterations];
    call(optimizer, [a, null], [b, null]);
    call(optimizer);
    optimizer.applyGradients({});
    const empty = tf.tensor1d([]);
    expect([await numbers(await optimizer.getWeights()), optimizer.iterations]).toEqual(before);
    empty.dispose();
    optimizer.dispose();
  });

  it('lists that come by turns have a cycle of micro-batches each, however often they come', () => {
    const optimizer = sgd({ learningRate: 1, gradientAccumulationSteps: 2 }), [a, b] = [variable('a', [0]), variable('b', [0])];
    const seen: number[][] = [];
    for (const [which, value] of [[a, 1], [b, 10], [a, 3], [a, 5], [b, 30], [a, 7], [b, 2]] as const) {
      call(optimizer, [which, [value]]);
      seen.push([a.dataSync()[0]!, b.dataSync()[0]!]);
    }
    expect(seen).toEqual([[0, 0], [0, 0], [-2, 0], [-2, 0], [-2, -20], [-8, -20], [-8, -20]]);
    expect(optimizer.iterations).toBe(3);
    optimizer.dispose();
  });

  it('halves of one list that come by turns, the others null, have a cycle each', () => {
    const optimizer = clip(tf.train.sgd(1), { clip: [byNorm(Infinity)] });
    const accumulating = sgd({ learningRate: 1, gradientAccumulationSteps: 2 }), [a, b] = [variable('a', [0]), variable('b', [0])];
    for (let turn = 0; turn < 2; turn++) {
      call(accumulating, [a, [1]], [b, null]);
      call(accumulating, [a, null], [b, [2]]);
    }
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-1, -2]);
    for (const each of [optimizer, accumulating]) each.dispose();
  });

  it('a variable that comes in the middle of a cycle is released with the others', () => {
    const optimizer = sgd({ learningRate: 1, gradientAccumulationSteps: 3 }), [a, b] = [variable('a', [0]), variable('b', [0])];
    call(optimizer, [a, [3]]);
    call(optimizer, [a, [3]], [b, [6]]);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([0, 0]);
    call(optimizer, [a, [3]], [b, [6]]);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-3, -4]);
    optimizer.dispose();
  });

  it('tfjs\'s own optimizers keep the state of each variable, whichever list it stands in', () => {
    const steps: readonly (readonly [number, number][])[] = [[[0, 1], [1, 2]], [[1, 1]], [[1, 3], [0, 1]], [[0, 2]], [[2, 1]], [[2, 1], [0, 1], [1, 1]]];
    const optimizer = clip(tf.train.momentum(0.1, 0.9), byValue(Infinity));
    const together = ['a', 'b', 'c'].map((name) => variable(name, [0]));
    const alone = ['d', 'e', 'f'].map((name) => variable(name, [0])), own = alone.map(() => tf.train.momentum(0.1, 0.9));
    for (const step of steps) {
      call(optimizer, ...step.map(([index, value]) => [together[index]!, [value]] as const));
      for (const [index, value] of step) call(own[index]!, [alone[index]!, [value]]);
    }
    expect(together.map((each) => each.dataSync()[0])).toEqual(alone.map((each) => each.dataSync()[0]));
    optimizer.dispose();
  });
});

describe('what is no list of gradients is refused', () => {
  beforeEach(async () => { await tf.setBackend('cpu'); });

  it.each<[string, (of: tf.Variable) => unknown]>([
    ['a tensor', () => tf.ones([1])],
    ['tensors in a list', () => [tf.ones([1])],],
    ['a variable', (of) => of],
    ['variables in a list', (of) => [of]],
    ['numbers in a list', () => [1, 2]],
    ['null in a list', () => [null]],
    ['a number', () => 3],
    ['a string', () => 'adam'],
    ['null', () => null],
    ['nothing', () => undefined],
    ['a function', () => () => {}],
    ['a Map', (of) => new Map([[of.name, tf.ones([1])]])],
    ['a Set', () => new Set([tf.ones([1])])],
    ['a typed array', () => new Float32Array([1])],
    ['a promise', () => Promise.resolve({})],
    ['a map to numbers', (of) => ({ [of.name]: 1 })],
    ['a map to arrays', (of) => ({ [of.name]: [1] })],
    ['a map to strings', (of) => ({ [of.name]: '1' })],
    ['a map to objects', (of) => ({ [of.name]: {} })],
    ['a list with a number for a gradient', (of) => [{ name: of.name, tensor: 1 }]],
    ['a list with an array for a gradient', (of) => [{ name: of.name, tensor: [1] }]],
    ['a list without names', () => [{ tensor: tf.ones([1]) }]],
    ['a list with numbers for names', () => [{ name: 0, tensor: tf.ones([1]) }]],
    ['entries without gradients', (of) => [{ name: of.name }]],
    ['what tf.variableGrads returns, whole', (of) => ({ value: tf.scalar(1), grads: { [of.name]: tf.ones([1]) } })],
    ['an inherited name', () => ({ constructor: tf.ones([1]) })],
  ])('%s', (_name, make) => {
    for (const optimizer of [adam(), clip(tf.train.sgd(1), { clipnorm: 1 }), sgd({ gradientAccumulationSteps: 2 })] as tf.Optimizer[]) {
      const of = tf.variable(tf.zeros([1]));
      expect(() => { optimizer.applyGradients(make(of) as never); }).toThrow(/^\[(clip|optimizers)\] \w+: .* must be /);
      expect([of.dataSync()[0], optimizer.iterations]).toEqual([0, 0]);
      of.dispose();
      optimizer.dispose();
    }
  });
});

describe('at its edges', () => {
  beforeEach(async () => { await tf.setBackend('cpu'); });

  it.each<[string, () => tf.Optimizer]>([
    ['one of ours', () => adam({ globalClipnorm: 1 })],
    ['one around tf.train.adam', () => clip(tf.train.adam(0.1), { globalClipnorm: 1 })],
    ['one around tf.train.adamax', () => clip(tf.train.adamax(0.1), zClip())],
    ['a fused stock one', () => fuse(tf.train.adam(0.1))],
  ])('%s saves before its first step', async (_name, make) => {
    const first = make(), second = make();
    await second.setWeights(await first.getWeights());
    const [a, b] = [first, second].map((optimizer) => new Scene(optimizer).train(0, 3));
    expect(largestDifference(a!.values(), b!.values())).toBe(0);
    for (const each of [a!, b!]) each.dispose();
  });

  it.each(['saved', 'loaded', 'adopted', 'reported', 'stepped'])('nothing is left after dispose of one that was %s', async (what) => {
    const donor = new Scene(adam()).train(0, 2), stock = new Scene(tf.train.adam()).train(0, 2);
    const weights = await donor.optimizer.getWeights(), { numTensors, numBytes } = tf.memory();
    const optimizer = what === 'adopted' ? fuse(stock.optimizer) : adam();
    if (what === 'loaded') await optimizer.setWeights(weights);
    if (what === 'stepped' || what === 'reported') {
      const scene = new Scene(optimizer);
      scene.train(0, 2);
      if (what === 'reported') await optimizer.report();
      for (const each of scene.variables) each.dispose();
    }
    await optimizer.getWeights();
    optimizer.dispose();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    for (const each of [donor, stock]) each.dispose();
  });

  it('state that waits for a frozen variable is saved again', async () => {
    const first = adam(), variables = ['one', 'two'].map((name) => variable(name, [1, 2]));
    call(first, [variables[0]!, [1, 1]], [variables[1]!, [2, 2]]);
    const second = adam(), third = adam();
    await second.setWeights(await first.getWeights());
    call(second, [variables[0]!, [1, 1]]);
    await third.setWeights(await second.getWeights());
    const [before] = [[...variables[1]!.dataSync()]];
    call(third, [variables[0]!, null], [variables[1]!, [2, 2]]);
    const moved = [...variables[1]!.dataSync()];
    variables[1]!.assign(tf.tensor1d(before));
    call(first, [variables[1]!, [2, 2]]);
    expect([...variables[1]!.dataSync()]).toEqual(moved);
    for (const each of [first, second, third]) each.dispose();
  });

  it('state that fits no variable is an error before anything changed, and stays for the right ones', async () => {
    const donor = new Scene(adam({ learningRate: 0.1 })).train(0, 3), optimizer = adam({ learningRate: 0.1 });
    await optimizer.setWeights(await donor.optimizer.getWeights());
    const stranger = variable('stranger', [1, 2]);
    donor.variables.forEach((each) => { each.dispose(); });
    expect(() => { call(optimizer, [stranger, [1, 1]]); }).toThrow(/the saved state of first_conv\/kernel.* fits no variable; without saved state is stranger \[2\]/);
    expect([...stranger.dataSync()]).toEqual([1, 2]);
    expect(optimizer.iterations).toBe(3);
    const right = new Scene(optimizer);
    expect(() => { right.train(3, 5); }).not.toThrow();
    for (const each of [right, donor]) each.dispose();
  });

  it('a wrapped optimizer\'s state is for its variables\' shapes', () => {
    const stock = tf.train.momentum(0.1, 0.9), before = variable('w', [1, 2, 3]);
    call(stock, [before, [1, 1, 1]]);
    before.dispose();
    const after = variable('w', [1, 2]), clipped = clip(stock, byGlobalNorm(1));
    expect(() => { call(clipped, [after, [1, 1]]); }).toThrow(/w.*\[3\].*must have shape \[2\]/);
    expect([...after.dataSync()]).toEqual([1, 2]);
    clipped.dispose();
  });
});
