/**
 * The inner loops of every matrix product: a tile of 4 rows × 8 columns is held in eight registers while the depth runs.
 *
 * The right operand is always packed: 8 neighbouring columns of one depth lie together. The left one is read where it is,
 * either by rows (depth is contiguous) or by columns (four rows of one depth are contiguous).
 */

/** Writes the tile, or adds it to what is there; only `rows` × `columns` of it lie inside the matrix. */
// @ts-ignore: decorator
@inline
function store(
  target: usize, stride: usize, rows: i32, columns: i32, add: bool, spill: usize,
  a0: v128, a1: v128, b0: v128, b1: v128, c0: v128, c1: v128, d0: v128, d1: v128,
): void {
  if (rows == 4 && columns == 8) {
    const second = target + stride, third = second + stride, fourth = third + stride;
    if (add) {
      a0 = f32x4.add(a0, v128.load(target)); a1 = f32x4.add(a1, v128.load(target, 16));
      b0 = f32x4.add(b0, v128.load(second)); b1 = f32x4.add(b1, v128.load(second, 16));
      c0 = f32x4.add(c0, v128.load(third)); c1 = f32x4.add(c1, v128.load(third, 16));
      d0 = f32x4.add(d0, v128.load(fourth)); d1 = f32x4.add(d1, v128.load(fourth, 16));
    }
    v128.store(target, a0); v128.store(target, a1, 16);
    v128.store(second, b0); v128.store(second, b1, 16);
    v128.store(third, c0); v128.store(third, c1, 16);
    v128.store(fourth, d0); v128.store(fourth, d1, 16);
    return;
  }
  v128.store(spill, a0); v128.store(spill, a1, 16);
  v128.store(spill, b0, 32); v128.store(spill, b1, 48);
  v128.store(spill, c0, 64); v128.store(spill, c1, 80);
  v128.store(spill, d0, 96); v128.store(spill, d1, 112);
  for (let row = 0; row < rows; row++) {
    const from = spill + (<usize>row << 5), to = target + <usize>row * stride;
    for (let column: usize = 0; column < <usize>columns; column++) {
      const value = load<f32>(from + (column << 2)), at = to + (column << 2);
      store_f32(at, add ? load<f32>(at) + value : value);
    }
  }
}

// @ts-ignore: decorator
@inline
function store_f32(at: usize, value: f32): void {
  f32.store(at, value);
}

/** Four rows of one depth lie together; `step` bytes lead to the next depth. */
export function tileByColumns(
  left: usize, step: usize, right: usize, depth: i32,
  target: usize, stride: usize, rows: i32, columns: i32, add: bool, spill: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  let k = depth;
  for (; k >= 2; k -= 2) {
    let r0 = v128.load(right), r1 = v128.load(right, 16);
    let x = v128.load32_splat(left);
    a0 = f32x4.add(a0, f32x4.mul(x, r0)); a1 = f32x4.add(a1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, r0)); b1 = f32x4.add(b1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 8);
    c0 = f32x4.add(c0, f32x4.mul(x, r0)); c1 = f32x4.add(c1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 12);
    d0 = f32x4.add(d0, f32x4.mul(x, r0)); d1 = f32x4.add(d1, f32x4.mul(x, r1));
    left += step;
    r0 = v128.load(right, 32); r1 = v128.load(right, 48);
    x = v128.load32_splat(left);
    a0 = f32x4.add(a0, f32x4.mul(x, r0)); a1 = f32x4.add(a1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, r0)); b1 = f32x4.add(b1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 8);
    c0 = f32x4.add(c0, f32x4.mul(x, r0)); c1 = f32x4.add(c1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 12);
    d0 = f32x4.add(d0, f32x4.mul(x, r0)); d1 = f32x4.add(d1, f32x4.mul(x, r1));
    left += step;
    right += 64;
  }
  if (k) {
    const r0 = v128.load(right), r1 = v128.load(right, 16);
    let x = v128.load32_splat(left);
    a0 = f32x4.add(a0, f32x4.mul(x, r0)); a1 = f32x4.add(a1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, r0)); b1 = f32x4.add(b1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 8);
    c0 = f32x4.add(c0, f32x4.mul(x, r0)); c1 = f32x4.add(c1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 12);
    d0 = f32x4.add(d0, f32x4.mul(x, r0)); d1 = f32x4.add(d1, f32x4.mul(x, r1));
  }
  store(target, stride, rows, columns, add, spill, a0, a1, b0, b1, c0, c1, d0, d1);
}
