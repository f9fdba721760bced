/** BatchMatMul on cpu, blocked and packed. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { matrixShapes } from '../matmul';
import { tensorOf, valuesOf } from './backend';
import { multiply, pack, panels } from './panels';

/** Depth and rows of one product, so that panels stay in a core's second cache. */
const depthBlock = 256;
const rowBlock = 64;

export const matMul: OwnKernel = (args, stock) => {
  const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
  const shapes = matrixShapes(args);
  if (!shapes) return stock(args);
  const { rows, depth, columns, outShape, pairs, leftRow, leftDepth, rightDepth, rightColumn } = shapes;
  const left = valuesOf(args.backend, a), right = valuesOf(args.backend, b);
  const made = new Float32Array(pairs.length * rows * columns);
  const leftPanels = panels(rowBlock, Math.min(depth, depthBlock)), rightPanels = panels(columns, Math.min(depth, depthBlock));
  const sums = new Float64Array(rows * columns), block = new Float64Array(rowBlock * columns);
  pairs.forEach(([leftStart, rightStart], index) => {
    sums.fill(0);
    for (let start = 0; start < depth; start += depthBlock) {
      const count = Math.min(depthBlock, depth - start);
      pack(right, rightStart + start * rightDepth, rightColumn, rightDepth, columns, count, rightPanels);
      for (let row = 0; row < rows; row += rowBlock) {
        const height = Math.min(rowBlock, rows - row);
        pack(left, leftStart + row * leftRow + start * leftDepth, leftRow, leftDepth, height, count, leftPanels);
        block.fill(0);
        multiply(leftPanels, rightPanels, height, columns, count, block);
        for (let from = 0, to = row * columns; from < height * columns; from++, to++) sums[to]! += block[from]!;
      }
    }
    made.set(sums, index * rows * columns);
  });
  return tensorOf(args.backend, outShape, made);
};
