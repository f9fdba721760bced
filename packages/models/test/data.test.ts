/** Generated data and the user's own CIFAR-10 files: shapes, ranges, seeds, and damage. */
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { addingProblem, charSequences, loadCifar10, syntheticImages, syntheticTexts } from '../src';

beforeAll(() => setBackend('cpu'));

describe.each([
  ['addingProblem', addingProblem],
  ['syntheticImages', syntheticImages],
  ['syntheticTexts', syntheticTexts],
  ['charSequences', (options: { count?: number; seed?: number }) => charSequences('the quick brown fox jumps over the lazy dog '.repeat(9), options)],
] as const)('%s', (name, generate) => {
  const make = generate as (options: { count?: number; seed?: number }) => { xs: Tensor; ys: Tensor };
  const values = (options: object) => {
    const { xs, ys } = make(options);
    return [Array.from(xs.dataSync()), Array.from(ys.dataSync())];
  };

  it('is the same for the same seed, 0 included, and another for another', () => {
    expect(values({ count: 20, seed: 0 })).toEqual(values({ count: 20, seed: 0 }));
    expect(values({ count: 20, seed: 0 })).not.toEqual(values({ count: 20, seed: 1 }));
    expect(make({ count: 20 }).xs.shape[0]).toBe(20);
  });

  it('refuses what makes no sense', () => {
    expect(() => make({ count: 0 })).toThrow(`[models] ${name}: count must be a whole number >= 1, got 0`);
    expect(() => make({ cuont: 1 } as object)).toThrow(TypeError);
  });
});

it('addingProblem marks one number in each half, and adds the two', () => {
  const { xs, ys } = addingProblem({ count: 50, length: 9, seed: 2 });
  const inputs = xs.arraySync();
  const sums = ys.arraySync();
  inputs.forEach((sequence, place) => {
    const marked = sequence.flatMap(([, mark], step) => (mark ? [step] : []));
    expect(marked).toHaveLength(2);
    expect(marked[0]).toBeLessThan(4);
    expect(marked[1]).toBeGreaterThanOrEqual(4);
    expect(sums[place]![0]).toBeCloseTo(sequence[marked[0]!]![0]! + sequence[marked[1]!]![0]!, 6);
  });
});

it('charSequences pairs each window with the character that follows', () => {
  const { xs, ys, vocabulary } = charSequences('abcab', { length: 2 });
  expect([vocabulary, xs.shape, xs.dtype]).toEqual(['abc', [3, 2, 3], 'float32']);
  const text = (window: number[][]) => window.map((row) => vocabulary[row.indexOf(1)]).join('');
  const pairs = (xs.arraySync() as number[][][]).map((window, place) => text(window) + vocabulary[ys.arraySync()[place]!]);
  expect(pairs.sort()).toEqual(['abc', 'bca', 'cab']);
  expect(() => charSequences('ab', { length: 2 })).toThrow('[models] charSequences: expected a text of more than 2 characters, got 2');
  expect(() => charSequences('abcd', { length: 2, vocabulary: 'abc' })).toThrow('expected only characters of the vocabulary, got "d"');
});

it('syntheticImages waver about a half, and hold every class', () => {
  const { xs, ys } = syntheticImages({ count: 200, seed: 1, noise: 0 });
  expect([xs.shape, ys.shape]).toEqual([[200, 32, 32, 3], [200]]);
  const pixels = xs.dataSync();
  expect(pixels.every((pixel) => pixel >= 0.25 && pixel <= 0.75)).toBe(true);
  expect(new Set(ys.dataSync()).size).toBe(10);
});

describe('loadCifar10', () => {
  const record = (label: number, [red, green, blue]: number[]) => Buffer.concat([Buffer.from([label]), ...[red, green, blue].map((value) => Buffer.alloc(1024, value))]);
  const images = [record(3, [255, 0, 51]), record(9, [0, 102, 255])];
  const source = (file: string) => (file === 'data_batch_2.bin' ? images[1]! : Buffer.concat(images));

  it('reads planes into pixels, over all parts of the split', async () => {
    const { xs, ys } = await loadCifar10({ dir: source });
    expect([xs.shape, Array.from(ys.dataSync())]).toEqual([[9, 32, 32, 3], [3, 9, 9, 3, 9, 3, 9, 3, 9]]);
    const first = Array.from(xs.dataSync().slice(0, 6));
    [1, 0, 0.2, 1, 0, 0.2].forEach((value, place) => expect(first[place]).toBeCloseTo(value, 6));
    expect((await loadCifar10({ dir: source, split: 'test' })).xs.shape[0]).toBe(2);
    expect(Array.from((await loadCifar10({ dir: source, limit: 3 })).ys.dataSync())).toEqual([3, 9, 9]);
  });

  it.each([
    ['truncated', Buffer.concat(images).subarray(0, 5000), /data_batch_1\.bin is damaged: expected a multiple of 3073 bytes, got 5000/],
    ['empty', Buffer.alloc(0), /data_batch_1\.bin is damaged/],
    ['of wrong labels', record(10, [0, 0, 0]), /expected labels 0 to 9, got 10 in image 0/],
  ])('names a file that is %s, and says what to do', async (_, bytes, message) => {
    await expect(loadCifar10({ dir: () => bytes })).rejects.toThrow(message);
    await expect(loadCifar10({ dir: () => bytes })).rejects.toThrow(/Download "CIFAR-10 binary version"/);
  });

  it('names a folder without the files', async () => {
    await expect(loadCifar10({ dir: '/nowhere' })).rejects.toThrow(/data_batch_1\.bin.*\/nowhere.*ENOENT/);
    await expect(loadCifar10({} as { dir: string })).rejects.toThrow(/dir must be a folder, a URL or a function/);
  });
});
