/**
 * Add, Sub, Multiply and Equal on wasm where one operand repeats along neighbouring axes, as a bias does, or a maximum beside what it is
 * the maximum of; tfjs walks such shapes value by value.
 */
import { Add, Equal, Multiply, Sub, broadcast_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import type { Heap } from './heap';
import { heapOf, output, pointerTo } from './heap';

/** The larger operand as outer × rows × columns, of which the smaller has one row; undefined where they do not relate like that. */
const repeating = (large: number[], small: number[]): { outer: number; rows: number; columns: number } | undefined => {
  if (small.length > large.length) return repeating(large, small.slice(small.length - large.length));
  const padded = [...Array<number>(large.length - small.length).fill(1), ...small];
  let first = 0;
  while (first < large.length && padded[first] === large[first]) first++;
  let last = first;
  while (last < large.length && padded[last] === 1) last++;
  if (!util.arraysEqual(padded.slice(last), large.slice(last))) return undefined;
  const [outer, rows, columns] = [large.slice(0, first), large.slice(first, last), large.slice(last)].map(util.sizeFromShape) as [number, number, number];
  return { outer, rows, columns };
};

type Combine = (heap: Heap, left: number, leftStep: number, right: number, rightStep: number, rows: number, columns: number, target: number) => void;

const operation = (kernelName: string, dtype: 'float32' | 'bool', combine: Combine): OwnKernel => (args, stock) => {
  const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
  const sizeA = util.sizeFromShape(a.shape), sizeB = util.sizeFromShape(b.shape), aIsLarge = sizeA > sizeB;
  // Equal shapes and single numbers are fast in tfjs.
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || sizeA === sizeB || Math.min(sizeA, sizeB) < 2) return stock(args);
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const shapes = aIsLarge ? repeating(a.shape, b.shape) : repeating(b.shape, a.shape);
  // Where both operands repeat, the result is larger than either.
  if (!shapes || shapes.columns < 2 || util.sizeFromShape(shape) !== Math.max(sizeA, sizeB)) return stock(args);
  const { outer, rows, columns } = shapes, heap = heapOf(args.backend), row = columns * 4;
  const [stepA, stepB] = aIsLarge ? [row, 0] : [0, row], [blockA, blockB] = aIsLarge ? [rows * row, row] : [row, rows * row];
  const left = pointerTo(heap, a), right = pointerTo(heap, b), block = rows * columns * util.bytesPerElement(dtype);
  return output(heap, kernelName, shape, (target) => {
    for (let index = 0; index < outer; index++) {
      combine(heap, left + index * blockA, stepA, right + index * blockB, stepB, rows, columns, target + index * block);
    }
  }, dtype);
};

export const add = operation(Add, 'float32', ({ kernels }, ...values) => kernels.binary(0, ...values));
export const subtract = operation(Sub, 'float32', ({ kernels }, ...values) => kernels.binary(1, ...values));
export const multiply = operation(Multiply, 'float32', ({ kernels }, ...values) => kernels.binary(2, ...values));
export const equal = operation(Equal, 'bool', ({ kernels }, ...values) => kernels.equal(...values));
