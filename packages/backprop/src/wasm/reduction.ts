/** Sum and Mean over leading axes on wasm (the gradient of a bias, the moments of batch normalisation); tfjs transposes for them. */
import { Mean, Sum, backend_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

const overLeadingAxes = (kernelName: string, mean: boolean): OwnKernel => (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const { axis, keepDims } = args.attrs as unknown as { axis?: number | number[]; keepDims?: boolean };
  const axes = util.parseAxisParam(axis ?? x.shape.map((_, index) => index), x.shape);
  const [outShape, reduceShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const rows = util.sizeFromShape(reduceShape), columns = util.sizeFromShape(outShape);
  const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((each, index) => each === index);
  if (x.dtype !== 'float32' || !leading || columns < 2 || rows === 0) return stock(args);
  const heap = heapOf(args.backend);
  const made = output(heap, kernelName, keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape);
  heap.kernels.sumRows(pointerTo(heap, x), pointerTo(heap, made), rows, columns, mean ? 1 / rows : 1);
  return made;
};

export const sum = overLeadingAxes(Sum, false);
export const mean = overLeadingAxes(Mean, true);
