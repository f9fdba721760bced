/** Add, Sub and Multiply on wasm where one operand repeats along leading axes, as a bias does; tfjs walks such shapes value by value. */
import { Add, Multiply, Sub, broadcast_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

/** The shape without leading ones: what repeats when it is shorter than the other. */
const core = (shape: number[]): number[] => {
  const first = shape.findIndex((side) => side !== 1);
  return first < 0 ? [] : shape.slice(first);
};

/** Whether `small` is the end of `large`, so that it repeats as it lies. */
const ends = (large: number[], small: number[]): boolean =>
  small.length <= large.length && small.every((side, index) => side === large[large.length - small.length + index]);

const operation = (kernelName: string, code: number): OwnKernel => (args, stock) => {
  const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
  const sizeA = util.sizeFromShape(a.shape), sizeB = util.sizeFromShape(b.shape), columns = Math.min(sizeA, sizeB), size = Math.max(sizeA, sizeB);
  const [large, small] = sizeA >= sizeB ? [a, b] : [b, a];
  // Equal shapes and single numbers are fast in tfjs.
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || columns < 2 || sizeA === sizeB || !ends(large.shape, core(small.shape))) return stock(args);
  const heap = heapOf(args.backend);
  return output(heap, kernelName, broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape), (target) => heap.kernels.binary(
    code, pointerTo(heap, a), sizeA === size ? columns * 4 : 0, pointerTo(heap, b), sizeB === size ? columns * 4 : 0, size / columns, columns, target,
  ));
};

export const add = operation(Add, 0);
export const subtract = operation(Sub, 1);
export const multiply = operation(Multiply, 2);
