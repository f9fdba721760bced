/** Sum over leading axes on cpu (the gradient of a bias); tfjs transposes for it. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { leadingRows } from '../reduction';
import { tensorOf, valuesOf } from './backend';

export const sum: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const shapes = leadingRows(x, args.attrs as unknown as { axis?: number | number[]; keepDims?: boolean });
  if (!shapes) return stock(args);
  const { rows, columns, outShape } = shapes;
  const values = valuesOf(args.backend, x), sums = new Float64Array(columns);
  for (let row = 0, from = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[column]! += values[from++]!;
  }
  return tensorOf(args.backend, outShape, Float32Array.from(sums));
};
