/** The product of a matrix that lies where it is and one that is packed. */
import { tileByColumns, tileByRows } from './tile';

/** Rows of the left operand that stay in a core's second cache while the panels pass by. */
const blockRows = 64;

/**
 * target (rows × columns, `stride` bytes a row) = or += left · panels, where left's value (row, k) lies `row * leftRow + k * leftStep`
 * bytes in, and a panel holds `capacity` depths.
 */
export function multiply(
  left: usize, leftRow: usize, leftStep: usize, panels: usize, depth: i32, capacity: i32,
  rows: i32, columns: i32, target: usize, stride: usize, add: bool, spill: usize,
): void {
  for (let block = 0; block < rows; block += blockRows) {
    const end = min(rows, block + blockRows);
    for (let column = 0; column < columns; column += 8) {
      const right = panels + (<usize>(column * capacity) << 2), width = min(8, columns - column);
      for (let row = block; row < end; row += 4) {
        const from = left + leftRow * <usize>row, to = target + stride * <usize>row + (<usize>column << 2), height = min(4, end - row);
        if (leftRow == 4 && height == 4) {
          tileByColumns(from, leftStep, right, 32, depth, to, stride, height, width, add, spill);
        } else {
          // Rows that are not there repeat the first: computed and dropped, never read out of bounds.
          tileByRows(
            from, height > 1 ? from + leftRow : from, height > 2 ? from + leftRow * 2 : from, height > 3 ? from + leftRow * 3 : from,
            leftStep, 1, depth, 0, right, to, stride, height, width, add, spill,
          );
        }
      }
    }
  }
}
