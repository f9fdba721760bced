/** Matrix products on the heap, blocked so that scratch memory stays bounded. */
import type { Heap } from './heap';
import { withScratch } from './heap';

/** Depths and columns packed at a time: a megabyte of panels at most. */
const depthBlock = 256;
const columnBlock = 1024;

/** Room for one tile, where an edge tile is spilled before its part of it is copied. */
export const spillBytes = 128;

/** The size of packed panels for so many columns. */
export const panelBytes = (columns: number, depth: number): number => Math.ceil(columns / 8) * 8 * depth * 4;

/** target (rows × columns) = left (rows × depth) · right (depth × columns); steps between rows, depths and columns in bytes. */
export interface Product {
  readonly left: number;
  readonly leftRow: number;
  readonly leftDepth: number;
  readonly right: number;
  readonly rightDepth: number;
  readonly rightColumn: number;
  readonly target: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

export const product = (heap: Heap, kernelName: string, matrices: Product): void => {
  const { left, leftRow, leftDepth, right, rightDepth, rightColumn, target, rows, depth, columns } = matrices;
  if (depth === 0) {
    heap.kernels.zero(target, rows * columns * 4);
    return;
  }
  const block = Math.min(depth, depthBlock);
  withScratch(heap, kernelName, [panelBytes(Math.min(columns, columnBlock), block), spillBytes], (panels, spill) => {
    for (let column = 0; column < columns; column += columnBlock) {
      const width = Math.min(columnBlock, columns - column);
      for (let start = 0; start < depth; start += block) {
        const count = Math.min(block, depth - start);
        heap.kernels.packRight(right + start * rightDepth + column * rightColumn, rightDepth, rightColumn, count, width, panels, count, 0);
        heap.kernels.multiply(
          left + start * leftDepth, leftRow, leftDepth, panels, count, count, rows, width, target + column * 4, columns * 4, start > 0 ? 1 : 0, spill,
        );
      }
    }
  });
};
