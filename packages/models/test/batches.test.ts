/** The batch walk: order, coverage, seeds, and that it holds no memory. */
import '@tensorflow/tfjs-backend-cpu';
import { memory, range, setBackend, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { batches, type BatchOptions } from '../src';

beforeAll(() => setBackend('cpu'));

const ten = () => ({ xs: tensor2d(Array.from({ length: 10 }, (_, place) => place), [10, 1]), ys: range(100, 110) });
const walk = (options: BatchOptions) => {
  const seen: number[][] = [];
  const examples = ten();
  for (const { xs, ys } of batches(examples, options)) {
    const [inputs, targets] = [Array.from(xs.dataSync()), Array.from(ys.dataSync())];
    expect(targets).toEqual(inputs.map((value) => value + 100));
    seen.push(inputs);
    xs.dispose();
    ys.dispose();
  }
  return seen;
};

it('sees every example once an epoch, the rest in a smaller batch', () => {
  const seen = walk({ batch: 4, seed: 1 });
  expect(seen.map((batch) => batch.length)).toEqual([4, 4, 2]);
  expect(seen.flat().sort((first, second) => first - second)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(walk({ batch: 4, seed: 1, keepRest: false }).map((batch) => batch.length)).toEqual([4, 4]);
});

it('repeats itself for the same seed, 0 included, and shuffles each epoch anew', () => {
  expect(walk({ batch: 10, seed: 0, epochs: 3 })).toEqual(walk({ batch: 10, seed: 0, epochs: 3 }));
  const [first, second] = walk({ batch: 10, seed: 0, epochs: 2 });
  expect(first).not.toEqual(second);
  expect(walk({ batch: 10, seed: 0 })).not.toEqual(walk({ batch: 10, seed: 1 }));
});

it('goes on for ever when asked, and keeps no tensors', () => {
  const examples = ten();
  const endless = batches(examples, { batch: 3, seed: 5, epochs: Infinity });
  const before = memory().numTensors;
  for (let step = 0; step < 25; step++) {
    const { value } = endless.next();
    value!.xs.dispose();
    value!.ys.dispose();
  }
  expect(memory().numTensors).toBe(before);
});

it('refuses what makes no sense', () => {
  expect(() => batches(ten(), { batch: 0 })).toThrow('[models] batches: batch must be a whole number >= 1, got 0');
  expect(() => batches({ ...ten(), ys: tensor1d([1]) })).toThrow(RangeError);
  expect(() => batches(ten(), { size: 3 } as BatchOptions)).toThrow(TypeError);
});
