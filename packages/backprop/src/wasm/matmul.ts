/** BatchMatMul and _FusedMatMul on wasm: the gradients of a dense layer are products with a transposed operand, for which tfjs has plain loops. */
import { BatchMatMul, _FusedMatMul } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { fusedEnd } from '../fused';
import type { Arguments, OwnKernel } from '../kernel';
import { matrixShapes } from '../matmul';
import type { MatrixShapes } from '../matmul';
import { biasInPlace } from './bias';
import { inFloat32 } from './float32';
import { heapOf, output, pointerTo } from './heap';
import { product } from './product';

/** With fewer rows packing costs as much as the product, and XNNPACK keeps what it packed: predictions of single examples stay with it. */
const fewestRows = 8;
/** XNNPACK refuses a product of nothing, and tfjs then returns whatever the memory held. */
const isSmall = ({ rows, depth, columns, leftDepth, rightColumn }: MatrixShapes): boolean =>
  rows < fewestRows && depth > 0 && columns > 0 && leftDepth === 1 && rightColumn === 1;

const multiply = ({ inputs, backend }: Arguments, kernelName: string, shapes: MatrixShapes): TensorInfo => {
  const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
  const { rows, depth, columns, leftRow, leftDepth, rightDepth, rightColumn } = shapes;
  const heap = heapOf(backend), left = pointerTo(heap, a), right = pointerTo(heap, b);
  return output(heap, kernelName, shapes.outShape, (target) => shapes.pairs.forEach(([leftStart, rightStart], index) => {
    product(heap, kernelName, {
      left: left + leftStart * 4, leftRow: leftRow * 4, leftDepth: leftDepth * 4,
      right: right + rightStart * 4, rightDepth: rightDepth * 4, rightColumn: rightColumn * 4,
      target: target + index * rows * columns * 4, rows, depth, columns,
    });
  }));
};

export const matMul: OwnKernel = (args, stock) => {
  const shapes = matrixShapes(args);
  return !shapes || isSmall(shapes) ? stock(args) : multiply(args, BatchMatMul, shapes);
};

/** tfjs's is wrong here for a batch, and ignores sigmoid, elu and relu6; ours does not. */
export const fusedMatMul = inFloat32((args, stock) => {
  const shapes = matrixShapes(args), end = shapes && fusedEnd(args, 'wasm', shapes.columns);
  // tfjs's reads one bias a column, whatever there is.
  const repeats = end?.bias !== undefined && end.bias.shape[0] !== shapes!.columns;
  const isPlain = end?.isClamp && end.high === Infinity && !repeats;
  if (!end || (isPlain && isSmall(shapes) && shapes.pairs.length === 1)) return stock(args);
  const made = multiply(args, _FusedMatMul, shapes);
  biasInPlace(heapOf(args.backend), _FusedMatMul, made, shapes.columns, end);
  return end.activate(made);
}, 'bias', 'preluActivationWeights');
