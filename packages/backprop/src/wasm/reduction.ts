/** Sum and Mean over leading axes on wasm (a bias's gradient, the moments of a batch); tfjs transposes for them. */
import { Mean, Sum, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { leadingRows } from '../reduction';
import { castTo } from './float32';
import { heapOf, output, pointerTo, withScratch } from './heap';

/** Rows that are summed in float32, before float64; that of assembly/reduction.ts. */
const blockRows = 32;

const overLeadingAxes =
  (kernelName: string, mean: boolean): OwnKernel =>
  (args, stock) => {
    const { x } = args.inputs as { x: TensorInfo };
    const shapes = leadingRows(x, args.attrs as unknown as { axis?: number | number[]; keepDims?: boolean });
    const heap = heapOf(args.backend);
    if (!shapes) {
      const made = stock(args) as TensorInfo;
      // tfjs's leaves the sums of nothing unwritten.
      const bytes = util.sizeFromShape(made.shape) * util.bytesPerElement(made.dtype);
      if (util.sizeFromShape(x.shape) === 0) heap.kernels.zero(pointerTo(heap, made), bytes);
      return made;
    }
    const { rows, columns, outShape } = shapes;
    const fill = (target: number, totals: number): void => {
      heap.kernels.sumRows(pointerTo(heap, x), target, rows, columns, mean ? 1 / rows : 1, totals);
    };
    return output(heap, kernelName, outShape, (target) =>
      rows > blockRows
        ? withScratch(heap, kernelName, [columns * 8], (totals) => fill(target, totals))
        : fill(target, 0),
    );
  };

const sumOfNumbers = overLeadingAxes(Sum, false);

/** As tfjs's cpu kernel does, truth values are counted in int32; its wasm kernel leaves their sums unwritten. */
export const sum: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  if (x.dtype !== 'bool') return sumOfNumbers(args, stock);
  const counts = castTo(args.backend as object, x, 'int32');
  try {
    return sumOfNumbers({ ...args, inputs: { x: counts } }, stock);
  } finally {
    heapOf(args.backend).backend.disposeData(counts.dataId);
  }
};
export const mean = overLeadingAxes(Mean, true);
