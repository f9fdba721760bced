/** Batch normalisation with given moments. */

/**
 * target = (source − mean) · scale / √(variance + epsilon) + offset, per column. `factors` has room for two rows; a scale or offset
 * pointer of 0 stands for ones or zeros.
 */
export function normalize(
  source: usize, mean: usize, variance: usize, scale: usize, offset: usize, epsilon: f32, rows: i32, columns: i32, factors: usize, target: usize,
): void {
  const shifts = factors + (<usize>columns << 2);
  for (let column: usize = 0; column < <usize>columns; column++) {
    const at = column << 2;
    const factor = (scale ? f32.load(scale + at) : 1) / sqrt<f32>(f32.load(variance + at) + epsilon);
    f32.store(factors + at, factor);
    f32.store(shifts + at, (offset ? f32.load(offset + at) : 0) - f32.load(mean + at) * factor);
  }
  for (let row = rows; row; row--) {
    let factor = factors, shift = shifts, count = columns;
    for (; count >= 4; count -= 4) {
      v128.store(target, f32x4.add(f32x4.mul(v128.load(source), v128.load(factor)), v128.load(shift)));
      source += 16;
      factor += 16;
      shift += 16;
      target += 16;
    }
    for (; count; count--) {
      f32.store(target, f32.load(source) * f32.load(factor) + f32.load(shift));
      source += 4;
      factor += 4;
      shift += 4;
      target += 4;
    }
  }
}
