/** Elementwise arithmetic whose smaller operand repeats, repetition itself, and what follows a convolution. */

// @ts-ignore: decorator
@inline
const ADD = 0, SUBTRACT = 1;

// @ts-ignore: decorator
@inline
function combine4(operation: i32, a: v128, b: v128): v128 {
  return operation == ADD ? f32x4.add(a, b) : operation == SUBTRACT ? f32x4.sub(a, b) : f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline
function combine(operation: i32, a: f32, b: f32): f32 {
  return operation == ADD ? a + b : operation == SUBTRACT ? a - b : a * b;
}

/** One pass over `count` values of each operand. */
// @ts-ignore: decorator
@inline
function combineRow(operation: i32, left: usize, right: usize, count: i32, target: usize): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, combine4(operation, v128.load(left), v128.load(right)));
    left += 16;
    right += 16;
    target += 16;
  }
  for (; count; count--) {
    f32.store(target, combine(operation, f32.load(left), f32.load(right)));
    left += 4;
    right += 4;
    target += 4;
  }
}

/** target (rows × columns) = left · or ± right; an operand with step 0 is one row that serves for all. */
// @ts-ignore: decorator
@inline
function combineRows(operation: i32, left: usize, leftStep: usize, right: usize, rightStep: usize, rows: i32, columns: i32, target: usize): void {
  for (let row = rows; row; row--) {
    combineRow(operation, left, right, columns, target);
    left += leftStep;
    right += rightStep;
    target += <usize>columns << 2;
  }
}

/** operation: 0 left + right, 1 left − right, 2 left · right. */
export function binary(
  operation: i32, left: usize, leftStep: usize, right: usize, rightStep: usize, rows: i32, columns: i32, target: usize,
): void {
  if (operation == ADD) combineRows(ADD, left, leftStep, right, rightStep, rows, columns, target);
  else if (operation == SUBTRACT) combineRows(SUBTRACT, left, leftStep, right, rightStep, rows, columns, target);
  else combineRows(2, left, leftStep, right, rightStep, rows, columns, target);
}

/** Writes `bytes` bytes `count` times, each copy as long as what is there already. */
export function repeat(source: usize, bytes: usize, count: usize, target: usize): void {
  const total = bytes * count;
  if (total == 0) return;
  memory.copy(target, source, bytes);
  // Twice what is there may be more than an address can hold.
  for (let filled = bytes; filled < total;) {
    const more = min(filled, total - filled);
    memory.copy(target + filled, target, more);
    filled += more;
  }
}

/** target (rows × columns) = clamp(target + bias, low, high), where it lies; NaN stays NaN. */
export function addBias(target: usize, bias: usize, rows: i32, columns: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  for (let row = rows; row; row--) {
    let from = bias, count = columns;
    for (; count >= 4; count -= 4) {
      v128.store(target, f32x4.min(f32x4.max(f32x4.add(v128.load(target), v128.load(from)), lows), highs));
      from += 16;
      target += 16;
    }
    for (; count; count--) {
      f32.store(target, min<f32>(max<f32>(f32.load(target) + f32.load(from), low), high));
      from += 4;
      target += 4;
    }
  }
}

/** target (rows × columns bytes) = 1 where left equals right, else 0; steps as in `binary`. */
export function equal(left: usize, leftStep: usize, right: usize, rightStep: usize, rows: i32, columns: i32, target: usize): void {
  for (let row = rows; row; row--) {
    for (let column: usize = 0; column < <usize>columns; column++) {
      const at = column << 2;
      store<u8>(target, <u8>(f32.load(left + at) == f32.load(right + at)));
      target++;
    }
    left += leftStep;
    right += rightStep;
  }
}

/** target = the rows of `bytes` bytes that `ids` names. */
export function gatherRows(source: usize, ids: usize, target: usize, rows: i32, bytes: usize): void {
  for (let row = rows; row; row--) {
    memory.copy(target, source + bytes * <usize>load<u32>(ids), bytes);
    ids += 4;
    target += bytes;
  }
}
