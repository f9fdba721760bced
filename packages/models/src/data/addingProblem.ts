/** The adding problem: remember two numbers over a long sequence [Hochreiter, Schmidhuber 1997]. */
import { tensor2d, tensor3d, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../errors';
import { uniform } from '../random';
import type { Examples } from './batches';

export interface AddingProblemOptions {
  /** How many sequences; default 2000. */
  count?: number;
  /** Steps of each, default 50; at least 2. */
  length?: number;
  /** The same seed gives the same sequences. */
  seed?: number;
}

/**
 * `xs` [count, length, 2]: a number in 0 … 1, and a mark, which is 1 at one step of each half and 0 elsewhere; `ys` [count, 1]: the sum of
 * the marked numbers. Who always answers 1 has a mean squared error of 1/6.
 */
export function addingProblem(options: AddingProblemOptions = {}): Examples<Tensor3D, Tensor2D> {
  checkOptions('addingProblem', options, ['count', 'length', 'seed']);
  const { count = 2000, length = 50, seed } = options;
  checkInteger('addingProblem', 'count', count, 1);
  checkInteger('addingProblem', 'length', length, 2);
  const random = uniform(seed);
  const inputs = new Float32Array(count * length * 2);
  const sums = new Float32Array(count);
  const half = Math.floor(length / 2);
  for (let sequence = 0; sequence < count; sequence++) {
    const start = sequence * length * 2;
    for (let step = 0; step < length; step++) inputs[start + 2 * step] = random();
    for (const marked of [Math.floor(random() * half), half + Math.floor(random() * (length - half))]) {
      inputs[start + 2 * marked + 1] = 1;
      sums[sequence]! += inputs[start + 2 * marked]!;
    }
  }
  return { xs: tensor3d(inputs, [count, length, 2]), ys: tensor2d(sums, [count, 1]) };
}
