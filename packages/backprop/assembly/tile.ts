/**
 * The inner loops of every matrix product: a tile of 4 rows × 8 columns stays in eight registers while the depth runs.
 *
 * The 8 columns of one depth of the right operand lie together; most callers pack them. The left one is read where it is. One depth an
 * iteration, not unrolled: V8 keeps everything in registers then (measured 28 GFLOP/s; 23 unrolled by two, and 17.5 for the matMul of tfjs).
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
    let from = spill + (<usize>row << 5), to = target + <usize>row * stride;
    for (let column = 0; column < columns; column++) {
      const value = load<f32>(from);
      f32.store(to, add ? load<f32>(to) + value : value);
      from += 4;
      to += 4;
    }
  }
}

/** The four rows of one depth lie together; `step` and `rightStep` bytes lead to the next depth. */
export function tileByColumns(
  left: usize, step: usize, right: usize, rightStep: usize, depth: i32,
  target: usize, stride: usize, rows: i32, columns: i32, add: bool, spill: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (let k = depth; k; k--) {
    const r0 = v128.load(right), r1 = v128.load(right, 16);
    let x = v128.load32_splat(left);
    a0 = f32x4.add(a0, f32x4.mul(x, r0)); a1 = f32x4.add(a1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, r0)); b1 = f32x4.add(b1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 8);
    c0 = f32x4.add(c0, f32x4.mul(x, r0)); c1 = f32x4.add(c1, f32x4.mul(x, r1));
    x = v128.load32_splat(left, 12);
    d0 = f32x4.add(d0, f32x4.mul(x, r0)); d1 = f32x4.add(d1, f32x4.mul(x, r1));
    left += step;
    right += rightStep;
  }
  store(target, stride, rows, columns, add, spill, a0, a1, b0, b1, c0, c1, d0, d1);
}

/** One row of 8 sums: what is left of four, as with the 9 weights of a 3 × 3 filter on grey images. */
export function rowByColumns(
  left: usize, step: usize, right: usize, rightStep: usize, depth: i32, target: usize, columns: i32, add: bool, spill: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0;
  for (let k = depth; k; k--) {
    const x = v128.load32_splat(left);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(right)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(right, 16)));
    left += step;
    right += rightStep;
  }
  v128.store(spill, a0);
  v128.store(spill, a1, 16);
  for (let column = 0; column < columns; column++) {
    const value = f32.load(spill);
    f32.store(target, add ? f32.load(target) + value : value);
    spill += 4;
    target += 4;
  }
}

/**
 * Each of the four rows has a pointer of its own; `step` bytes lead to the next depth. The depth may come in `runs` pieces of
 * `length`, as a filter's rows do in an image; `gaps` lists the bytes between the end of one and the begin of the next.
 */
export function tileByRows(
  p0: usize, p1: usize, p2: usize, p3: usize, step: usize, runs: i32, length: i32, gaps: usize, right: usize,
  target: usize, stride: usize, rows: i32, columns: i32, add: bool, spill: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (;;) {
    for (let k = length; k; k--) {
      const r0 = v128.load(right), r1 = v128.load(right, 16);
      let x = v128.load32_splat(p0);
      a0 = f32x4.add(a0, f32x4.mul(x, r0)); a1 = f32x4.add(a1, f32x4.mul(x, r1));
      x = v128.load32_splat(p1);
      b0 = f32x4.add(b0, f32x4.mul(x, r0)); b1 = f32x4.add(b1, f32x4.mul(x, r1));
      x = v128.load32_splat(p2);
      c0 = f32x4.add(c0, f32x4.mul(x, r0)); c1 = f32x4.add(c1, f32x4.mul(x, r1));
      x = v128.load32_splat(p3);
      d0 = f32x4.add(d0, f32x4.mul(x, r0)); d1 = f32x4.add(d1, f32x4.mul(x, r1));
      p0 += step; p1 += step; p2 += step; p3 += step;
      right += 32;
    }
    if (--runs <= 0) break;
    const gap = load<usize>(gaps);
    gaps += 4;
    p0 += gap; p1 += gap; p2 += gap; p3 += gap;
  }
  store(target, stride, rows, columns, add, spill, a0, a1, b0, b1, c0, c1, d0, d1);
}
