/** The shapes of a batched matrix product, in values. */
import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from './errors';
import type { Arguments } from './kernel';

export interface MatrixShapes {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly outShape: number[];
  /** For each product of the batch, where its two operands begin. */
  readonly pairs: readonly (readonly [left: number, right: number])[];
  readonly leftRow: number;
  readonly leftDepth: number;
  readonly rightDepth: number;
  readonly rightColumn: number;
}

/** Undefined where tfjs's kernel is asked: other dtypes, and batches that broadcast in part. */
export const matrixShapes = ({ inputs, attrs }: Arguments): MatrixShapes | undefined => {
  const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
  const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
  const batchA = a.shape.slice(0, -2), batchB = b.shape.slice(0, -2);
  const countA = util.sizeFromShape(batchA), countB = util.sizeFromShape(batchB);
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || !(util.arraysEqual(batchA, batchB) || countA === 1 || countB === 1)) return undefined;
  const [heightA, widthA] = a.shape.slice(-2) as [number, number], [heightB, widthB] = b.shape.slice(-2) as [number, number];
  const [rows, depth] = transposeA ? [widthA, heightA] : [heightA, widthA];
  const [rightDepths, columns] = transposeB ? [widthB, heightB] : [heightB, widthB];
  if (depth !== rightDepths) throw rangeError('matMul', 'equal inner sizes', `[${a.shape.join(', ')}] and [${b.shape.join(', ')}]`);
  const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  return {
    rows, depth, columns,
    outShape: [...batch, rows, columns],
    pairs: Array.from({ length: util.sizeFromShape(batch) }, (_, index) =>
      [countA === 1 ? 0 : index * heightA * widthA, countB === 1 ? 0 : index * heightB * widthB] as const),
    leftRow: transposeA ? 1 : widthA,
    leftDepth: transposeA ? widthA : 1,
    rightDepth: transposeB ? 1 : widthB,
    rightColumn: transposeB ? widthB : 1,
  };
};
