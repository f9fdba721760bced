/** Sums over leading axes, and sums by segment. */

/** Rows that are summed before they are added to the total, which bounds the rounding error of long sums. */
const blockRows = 128;

/** target[column] = factor · Σ over rows of source (rows × columns). */
export function sumRows(source: usize, target: usize, rows: i32, columns: i32, factor: f32): void {
  const stride = <usize>columns << 2, factors = f32x4.splat(factor);
  memory.fill(target, 0, stride);
  for (let block = 0; block < rows; block += blockRows) {
    const count = min(blockRows, rows - block), first = source + stride * <usize>block;
    let column = 0;
    for (; column + 16 <= columns; column += 16) {
      let from = first + (<usize>column << 2), to = target + (<usize>column << 2);
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let row = count; row; row--) {
        a = f32x4.add(a, v128.load(from));
        b = f32x4.add(b, v128.load(from, 16));
        c = f32x4.add(c, v128.load(from, 32));
        d = f32x4.add(d, v128.load(from, 48));
        from += stride;
      }
      v128.store(to, f32x4.add(v128.load(to), f32x4.mul(a, factors)));
      v128.store(to, f32x4.add(v128.load(to, 16), f32x4.mul(b, factors)), 16);
      v128.store(to, f32x4.add(v128.load(to, 32), f32x4.mul(c, factors)), 32);
      v128.store(to, f32x4.add(v128.load(to, 48), f32x4.mul(d, factors)), 48);
    }
    for (; column < columns; column++) {
      let from = first + (<usize>column << 2), sum: f32 = 0;
      for (let row = count; row; row--) {
        sum += f32.load(from);
        from += stride;
      }
      const to = target + (<usize>column << 2);
      f32.store(to, f32.load(to) + sum * factor);
    }
  }
}

/** target (segments × size) = the sum of the rows of source whose id is the segment; other ids, negative ones too, are left out. */
export function segmentSum(source: usize, ids: usize, target: usize, rows: i32, size: i32, segments: i32): void {
  const stride = <usize>size << 2;
  memory.fill(target, 0, stride * <usize>segments);
  for (let row = 0; row < rows; row++) {
    const id = i32.load(ids + (<usize>row << 2));
    if (id >= 0 && id < segments) {
      let from = source + stride * <usize>row, to = target + stride * <usize>id, count = size;
      for (; count >= 4; count -= 4) {
        v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
        from += 16;
        to += 16;
      }
      for (; count; count--) {
        f32.store(to, f32.load(to) + f32.load(from));
        from += 4;
        to += 4;
      }
    }
  }
}
