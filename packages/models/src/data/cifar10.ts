/** CIFAR-10 [Krizhevsky 2009] from the user's own files: no package ships it. */
import { tensor1d, tensor4d, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkChoice, checkInteger, checkOptions } from '../errors';
import type { Examples } from './batches';
import { readData, type Source } from './source';

export interface Cifar10Options {
  /** Where the six .bin files of the "binary version" are: a folder, a base URL, or a function of the file's name. */
  dir: Source;
  /** 50 000 images to train on, or 10 000 to test on; default 'train'. */
  split?: 'train' | 'test';
  /** At most this many images, from the front; default all. */
  limit?: number;
}

const [SIDE, CHANNELS, CLASSES] = [32, 3, 10];
const PIXELS = SIDE * SIDE;
/** A label, then the red, the green and the blue plane. */
const RECORD = 1 + CHANNELS * PIXELS;
const files = { train: [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.bin`), test: ['test_batch.bin'] };
const help = 'Download "CIFAR-10 binary version" from the page of Alex Krizhevsky at the University of Toronto, unpack it, and pass its folder as `dir`.';

/** Loads CIFAR-10 as `xs` [n, 32, 32, 3] in 0 … 1 and `ys` [n] with the class, both float32. Throws an Error that names a file that is missing or damaged. */
export async function loadCifar10(options: Cifar10Options): Promise<Examples<Tensor4D, Tensor1D>> {
  checkOptions('loadCifar10', options, ['dir', 'split', 'limit']);
  const { dir, split = 'train', limit = Infinity } = options;
  checkChoice('loadCifar10', 'split', split, Object.keys(files));
  if (limit !== Infinity) checkInteger('loadCifar10', 'limit', limit, 1);
  if (!(typeof dir === 'string' || typeof dir === 'function' || dir instanceof URL)) throw new TypeError(`[models] loadCifar10: dir must be a folder, a URL or a function, got ${String(dir)}. ${help}`);

  const parts: Uint8Array[] = [];
  let count = 0;
  for (const file of files[split]) {
    if (count >= limit) break;
    const bytes = await readData(dir, { where: 'loadCifar10', file, help });
    if (bytes.length === 0 || bytes.length % RECORD !== 0) {
      throw new Error(`[models] loadCifar10: ${file} is damaged: expected a multiple of ${RECORD} bytes, got ${bytes.length}. ${help}`);
    }
    const records = Math.min(bytes.length / RECORD, limit - count);
    parts.push(bytes.subarray(0, records * RECORD));
    checkLabels(file, parts.at(-1)!);
    count += records;
  }
  return toTensors(parts, count);
}

function checkLabels(file: string, records: Uint8Array): void {
  for (let at = 0; at < records.length; at += RECORD) {
    if (records[at]! >= CLASSES) throw new Error(`[models] loadCifar10: ${file} is damaged: expected labels 0 to ${CLASSES - 1}, got ${records[at]} in image ${at / RECORD}. ${help}`);
  }
}

/** From planes to pixels with their channels side by side. */
function toTensors(parts: readonly Uint8Array[], count: number): Examples<Tensor4D, Tensor1D> {
  const images = new Float32Array(count * PIXELS * CHANNELS);
  const labels = new Float32Array(count);
  let image = 0;
  for (const records of parts) {
    for (let at = 0; at < records.length; at += RECORD, image++) {
      labels[image] = records[at]!;
      const start = image * PIXELS * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const plane = at + 1 + channel * PIXELS;
        for (let pixel = 0; pixel < PIXELS; pixel++) images[start + pixel * CHANNELS + channel] = records[plane + pixel]! / 255;
      }
    }
  }
  return { xs: tensor4d(images, [count, SIDE, SIDE, CHANNELS]), ys: tensor1d(labels) };
}
