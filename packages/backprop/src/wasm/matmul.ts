/** BatchMatMul on wasm: the gradients of a dense layer are products with a transposed operand, for which tfjs has plain loops. */
import { BatchMatMul, broadcast_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';
import { product } from './product';

export const matMul: OwnKernel = (args, stock) => {
  const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
  const { transposeA, transposeB } = args.attrs as unknown as { transposeA: boolean; transposeB: boolean };
  const batchA = a.shape.slice(0, -2), batchB = b.shape.slice(0, -2);
  const batchesA = util.sizeFromShape(batchA), batchesB = util.sizeFromShape(batchB);
  const sameBatch = util.arraysEqual(batchA, batchB) || batchesA === 1 || batchesB === 1;
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || !sameBatch) return stock(args);
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number], [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [rows, depth] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [depthB, columns] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  util.assert(depth === depthB, () => `[backprop] matMul: expected equal inner sizes, got ${depth} of [${a.shape.join(', ')}] and ${depthB} of [${b.shape.join(', ')}]`);
  const batchShape = broadcast_util.assertAndGetBroadcastShape(batchA, batchB), batches = util.sizeFromShape(batchShape);
  const heap = heapOf(args.backend);
  const made = output(heap, BatchMatMul, [...batchShape, rows, columns]);
  const left = pointerTo(heap, a), right = pointerTo(heap, b), target = pointerTo(heap, made);
  for (let index = 0; index < batches; index++) {
    product(heap, BatchMatMul, {
      left: left + (batchesA === 1 ? 0 : index * rowsA * columnsA * 4),
      leftRow: transposeA ? 4 : columnsA * 4,
      leftDepth: transposeA ? columnsA * 4 : 4,
      right: right + (batchesB === 1 ? 0 : index * rowsB * columnsB * 4),
      rightDepth: transposeB ? 4 : columnsB * 4,
      rightColumn: transposeB ? columnsB * 4 : 4,
      target: target + index * rows * columns * 4,
      rows, depth, columns,
    });
  }
  return made;
};
