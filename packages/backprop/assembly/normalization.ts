/** Batch normalisation with given moments. */

/**
 * target = (source − mean) · scale / √(variance + epsilon) + offset, per column. The mean is subtracted first: folded into the
 * offset, it would cancel where it is large beside the deviation. `factors` has room for two rows; a scale or offset pointer of
 * 0 stands for ones or zeros.
 */
export function normalize(
  source: usize, mean: usize, variance: usize, scale: usize, offset: usize, epsilon: f64,
  rows: i32, columns: i32, factors: usize, target: usize,
): void {
  for (let column: usize = 0; column < <usize>columns; column++) {
    const at = column << 2;
    const deviation = sqrt<f64>(<f64>f32.load(variance + at) + epsilon);
    f32.store(factors + at, <f32>(<f64>(scale ? f32.load(scale + at) : 1) / deviation));
  }
  if (!offset) {
    offset = factors + (<usize>columns << 2);
    memory.fill(offset, 0, <usize>columns << 2);
  }
  for (let row = rows; row; row--) {
    let center = mean, factor = factors, shift = offset, count = columns;
    for (; count >= 4; count -= 4) {
      const centered = f32x4.sub(v128.load(source), v128.load(center));
      v128.store(target, f32x4.add(f32x4.mul(centered, v128.load(factor)), v128.load(shift)));
      source += 16;
      center += 16;
      factor += 16;
      shift += 16;
      target += 16;
    }
    for (; count; count--) {
      f32.store(target, (f32.load(source) - f32.load(center)) * f32.load(factor) + f32.load(shift));
      source += 4;
      center += 4;
      factor += 4;
      shift += 4;
      target += 4;
    }
  }
}
