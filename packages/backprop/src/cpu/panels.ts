/**
 * Matrix products in plain JavaScript. Operands are packed into panels of four lanes, in float64, which saves the conversion in the
 * inner loop; a tile of 4 × 4 sums stays in local variables. Sums are float64, as in tfjs's cpu kernels.
 */

/** Room for so many lanes, rounded up to whole panels. */
export const panels = (lanes: number, depth: number): Float64Array => new Float64Array(Math.ceil(lanes / 4) * 4 * depth);

/** Packs lanes × depth values; a lane is a row of the left operand or a column of the right one. Missing lanes stay as they are. */
export const pack = (
  source: Float32Array | Float64Array, start: number, laneStep: number, depthStep: number, lanes: number, depth: number, target: Float64Array,
): void => {
  for (let lane = 0; lane < lanes; lane++) {
    let from = start + lane * laneStep, to = (lane >> 2) * 4 * depth + (lane & 3);
    for (let k = 0; k < depth; k++) {
      target[to] = source[from]!;
      from += depthStep;
      to += 4;
    }
  }
};

const sums = new Float64Array(16);

/** The 4 × 4 sums of two panels. */
const tile = (left: Float64Array, leftAt: number, right: Float64Array, rightAt: number, depth: number): void => {
  let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0;
  for (let k = 0; k < depth; k++) {
    const r0 = right[rightAt]!, r1 = right[rightAt + 1]!, r2 = right[rightAt + 2]!, r3 = right[rightAt + 3]!;
    const a = left[leftAt]!, b = left[leftAt + 1]!, c = left[leftAt + 2]!, d = left[leftAt + 3]!;
    a0 += a * r0; a1 += a * r1; a2 += a * r2; a3 += a * r3;
    b0 += b * r0; b1 += b * r1; b2 += b * r2; b3 += b * r3;
    c0 += c * r0; c1 += c * r1; c2 += c * r2; c3 += c * r3;
    d0 += d * r0; d1 += d * r1; d2 += d * r2; d3 += d * r3;
    leftAt += 4;
    rightAt += 4;
  }
  sums[0] = a0; sums[1] = a1; sums[2] = a2; sums[3] = a3;
  sums[4] = b0; sums[5] = b1; sums[6] = b2; sums[7] = b3;
  sums[8] = c0; sums[9] = c1; sums[10] = c2; sums[11] = c3;
  sums[12] = d0; sums[13] = d1; sums[14] = d2; sums[15] = d3;
};

/** target (rows × columns) += left · right. */
export const multiply = (left: Float64Array, right: Float64Array, rows: number, columns: number, depth: number, target: Float64Array): void => {
  for (let column = 0; column < columns; column += 4) {
    const width = Math.min(4, columns - column);
    for (let row = 0; row < rows; row += 4) {
      tile(left, row * depth, right, column * depth, depth);
      const height = Math.min(4, rows - row);
      for (let i = 0; i < height; i++) {
        const to = (row + i) * columns + column;
        for (let j = 0; j < width; j++) target[to + j]! += sums[i * 4 + j]!;
      }
    }
  }
};
