/** Concat and SplitV on wasm: the gates of an LSTM are split and their gradients joined in every step of its sequence. */
import { Concat, SplitV, backend_util, util } from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

/** Values in one row of what is cut or joined along the axis. */
const rowSize = (shape: number[], axis: number): number => util.sizeFromShape(shape.slice(axis));

export const concat: OwnKernel = (args, stock) => {
  const tensors = args.inputs as unknown as TensorInfo[], [first] = tensors;
  const ours = tensors.length > 1 && tensors.every(({ dtype, shape }) => dtype === 'float32' && shape.every((side) => side > 0));
  if (!ours) return stock(args);
  const axis = util.parseAxisParam((args.attrs as unknown as { axis: number }).axis, first!.shape)[0]!;
  const shapes = tensors.map(({ shape }) => shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const outShape = backend_util.computeOutShape(shapes, axis), heap = heapOf(args.backend);
  const outer = util.sizeFromShape(outShape.slice(0, axis)), step = rowSize(outShape, axis) * 4;
  return output(heap, Concat, outShape, (target) => {
    let to = target;
    for (const tensor of tensors) {
      const bytes = rowSize(tensor.shape, axis) * 4;
      heap.kernels.copyRows(pointerTo(heap, tensor), bytes, to, step, bytes, outer);
      to += bytes;
    }
  });
};

export const split: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const { numOrSizeSplits, axis: given } = args.attrs as unknown as { numOrSizeSplits: number | number[]; axis: number };
  if (x.dtype !== 'float32') return stock(args);
  const axis = util.parseAxisParam(given, x.shape)[0]!, heap = heapOf(args.backend);
  const sizes = backend_util.prepareSplitSize({ shape: x.shape } as Tensor, numOrSizeSplits, axis);
  const outer = util.sizeFromShape(x.shape.slice(0, axis)), step = rowSize(x.shape, axis) * 4;
  let from = pointerTo(heap, x);
  return sizes.map((size) => {
    const shape = x.shape.with(axis, size), bytes = rowSize(shape, axis) * 4, start = from;
    from += bytes;
    return output(heap, SplitV, shape, (target) => heap.kernels.copyRows(start, step, target, bytes, bytes, outer));
  });
};
