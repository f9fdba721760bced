/** Sums over leading axes, and sums by segment. Long sums are made in float64: their rounding error does not grow. */

/** Rows that are summed in float32, before float64. */
const blockRows = 32;

/**
 * target[column] = factor · Σ over rows of source (rows × columns). `totals` has room for a row of float64; it is left
 * alone where one block holds all rows.
 */
export function sumRows(source: usize, target: usize, rows: i32, columns: i32, factor: f64, totals: usize): void {
  if (rows <= blockRows) {
    sumBlock(source, target, rows, columns, <f32>factor, false);
    return;
  }
  const stride = <usize>columns << 2;
  memory.fill(totals, 0, stride << 1);
  for (let block = 0; block < rows; block += blockRows) {
    sumBlock(source + stride * <usize>block, totals, min(blockRows, rows - block), columns, 1, true);
  }
  for (let column = columns; column; column--) {
    f32.store(target, <f32>(f64.load(totals) * factor));
    totals += 8;
    target += 4;
  }
}

/** One block's sums times the factor: written as float32, or added to float64. */
// @ts-ignore: decorator
@inline
function sumBlock(source: usize, target: usize, rows: i32, columns: i32, factor: f32, double: bool): void {
  const stride = <usize>columns << 2, factors = f32x4.splat(factor);
  let column = 0;
  for (; column + 16 <= columns; column += 16) {
    let from = source;
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (let row = rows; row; row--) {
      a = f32x4.add(a, v128.load(from));
      b = f32x4.add(b, v128.load(from, 16));
      c = f32x4.add(c, v128.load(from, 32));
      d = f32x4.add(d, v128.load(from, 48));
      from += stride;
    }
    if (double) {
      addDouble(target, a);
      addDouble(target + 32, b);
      addDouble(target + 64, c);
      addDouble(target + 96, d);
      target += 128;
    } else {
      v128.store(target, f32x4.mul(a, factors));
      v128.store(target, f32x4.mul(b, factors), 16);
      v128.store(target, f32x4.mul(c, factors), 32);
      v128.store(target, f32x4.mul(d, factors), 48);
      target += 64;
    }
    source += 64;
  }
  for (; column < columns; column++) {
    let from = source, sum: f32 = 0;
    for (let row = rows; row; row--) {
      sum += f32.load(from);
      from += stride;
    }
    if (double) f64.store(target, f64.load(target) + <f64>sum);
    else f32.store(target, sum * factor);
    target += double ? 8 : 4;
    source += 4;
  }
}

/** Adds four values to four of float64. */
// @ts-ignore: decorator
@inline
function addDouble(target: usize, values: v128): void {
  v128.store(target, f64x2.add(v128.load(target), f64x2.promote_low_f32x4(values)));
  const high = v128.shuffle<i64>(values, values, 1, 0);
  v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promote_low_f32x4(high)), 16);
}

/**
 * target (segments × size) = the sum of the rows of source whose id is the segment; other ids, negative ones too, are
 * left out. `scratch` has room for a number per segment and one per row: the rows are put in the order of their segments.
 */
export function segmentSum(
  source: usize, ids: usize, target: usize, rows: i32, size: i32, segments: i32, scratch: usize,
): void {
  const stride = <usize>size << 2, order = scratch + (<usize>segments << 2), last = ids + (<usize>rows << 2);
  memory.fill(scratch, 0, <usize>segments << 2);
  memory.fill(target, 0, stride * <usize>segments);
  for (let at = ids; at < last; at += 4) {
    const id = load<u32>(at), count = scratch + (<usize>id << 2);
    if (id < <u32>segments) store<u32>(count, load<u32>(count) + 1);
  }
  let begin = 0;
  for (let segment = 0; segment < segments; segment++) {
    const at = scratch + (<usize>segment << 2), count = load<i32>(at);
    store<i32>(at, begin);
    begin += count;
  }
  for (let row = 0; row < rows; row++) {
    const id = load<u32>(ids + (<usize>row << 2)), next = scratch + (<usize>id << 2);
    if (id >= <u32>segments) continue;
    const place = load<i32>(next);
    store<usize>(order + (<usize>place << 2), source + stride * <usize>row);
    store<i32>(next, place + 1);
  }
  // A segment's rows now end where its number in scratch says, and begin where those of the one before end.
  let first = order;
  for (let segment = 0; segment < segments; segment++) {
    const end = order + (<usize>load<i32>(scratch + (<usize>segment << 2)) << 2);
    if (end - first > <usize>blockRows << 2) sumMany(first, end, size, target);
    else if (first < end) sumFew(first, end, size, target);
    first = end;
    target += stride;
  }
}

/** target (size) = the sum of the rows, one at least and no more than a block, whose addresses lie from first to end. */
// @ts-ignore: decorator
@inline
function sumFew(first: usize, end: usize, size: i32, target: usize): void {
  const second = first + 4;
  const start = load<usize>(first);
  let count = size, offset: usize = 0;
  for (; count >= 8; count -= 8) {
    let low = v128.load(start + offset), high = v128.load(start + offset, 16);
    for (let row = second; row < end; row += 4) {
      const from = load<usize>(row) + offset;
      low = f32x4.add(low, v128.load(from));
      high = f32x4.add(high, v128.load(from, 16));
    }
    v128.store(target + offset, low);
    v128.store(target + offset, high, 16);
    offset += 32;
  }
  for (; count; count--) {
    let sum = f32.load(start + offset);
    for (let row = second; row < end; row += 4) sum += f32.load(load<usize>(row) + offset);
    f32.store(target + offset, sum);
    offset += 4;
  }
}

/** The same of more rows. */
function sumMany(first: usize, end: usize, size: i32, target: usize): void {
  let at: usize = 0, count = size;
  for (; count >= 8; count -= 8) {
    let a = f64x2.splat(0), b = a, c = a, d = a;
    for (let row = first; row < end; row += 4) {
      const from = load<usize>(row) + at, low = v128.load(from), high = v128.load(from, 16);
      a = f64x2.add(a, f64x2.promote_low_f32x4(low));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.shuffle<i64>(low, low, 1, 0)));
      c = f64x2.add(c, f64x2.promote_low_f32x4(high));
      d = f64x2.add(d, f64x2.promote_low_f32x4(v128.shuffle<i64>(high, high, 1, 0)));
    }
    v128.store(target + at, v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2));
    v128.store(target + at, v128.shuffle<i64>(f32x4.demote_f64x2_zero(c), f32x4.demote_f64x2_zero(d), 0, 2), 16);
    at += 32;
  }
  for (; count; count--) {
    let sum: f64 = 0;
    for (let row = first; row < end; row += 4) sum += <f64>f32.load(load<usize>(row) + at);
    f32.store(target + at, <f32>sum);
    at += 4;
  }
}
