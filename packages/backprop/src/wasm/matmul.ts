/** BatchMatMul on wasm: the gradients of a dense layer are products with a transposed operand, for which tfjs has plain loops. */
import { BatchMatMul } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { matrixShapes } from '../matmul';
import { heapOf, output, pointerTo } from './heap';
import { product } from './product';

export const matMul: OwnKernel = (args, stock) => {
  const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
  const shapes = matrixShapes(a, b, args.attrs as unknown as { transposeA: boolean; transposeB: boolean });
  if (!shapes) return stock(args);
  const { rows, depth, columns, leftRow, leftDepth, rightDepth, rightColumn } = shapes;
  const heap = heapOf(args.backend);
  const left = pointerTo(heap, a), right = pointerTo(heap, b);
  return output(heap, BatchMatMul, shapes.outShape, (target) => shapes.pairs.forEach(([leftStart, rightStart], index) => {
    product(heap, BatchMatMul, {
      left: left + leftStart * 4, leftRow: leftRow * 4, leftDepth: leftDepth * 4,
      right: right + rightStart * 4, rightDepth: rightDepth * 4, rightColumn: rightColumn * 4,
      target: target + index * rows * columns * 4, rows, depth, columns,
    });
  }));
};
