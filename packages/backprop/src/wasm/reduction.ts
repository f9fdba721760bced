/** Sum and Mean over leading axes on wasm (the gradient of a bias, the moments of batch normalisation); tfjs transposes for them. */
import { Mean, Sum } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { leadingRows } from '../reduction';
import { heapOf, output, pointerTo } from './heap';

const overLeadingAxes = (kernelName: string, mean: boolean): OwnKernel => (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const shapes = leadingRows(x, args.attrs as unknown as { axis?: number | number[]; keepDims?: boolean });
  if (!shapes) return stock(args);
  const { rows, columns, outShape } = shapes;
  const heap = heapOf(args.backend);
  return output(heap, kernelName, outShape, (target) => heap.kernels.sumRows(pointerTo(heap, x), target, rows, columns, mean ? 1 / rows : 1));
};

export const sum = overLeadingAxes(Sum, false);
export const mean = overLeadingAxes(Mean, true);
