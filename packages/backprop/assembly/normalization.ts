/** Batch normalisation with given moments. */

/**
 * target = (source − mean) · scale / √(variance + epsilon) + offset, per column. The mean is subtracted first: folded into
 * the offset, it would cancel where it is large beside the deviation. A scale or offset pointer of 0 stands for ones or
 * zeros. `constants` has room for 48 bytes per four columns: their means, factors and offsets.
 */
export function normalize(
  source: usize, mean: usize, variance: usize, scale: usize, offset: usize, epsilon: f64,
  rows: i32, columns: i32, constants: usize, target: usize,
): void {
  for (let column: usize = 0; column < <usize>columns; column++) {
    const at = column << 2, to = constants + (column >> 2) * 48 + ((column & 3) << 2);
    const deviation = sqrt<f64>(<f64>f32.load(variance + at) + epsilon);
    f32.store(to, f32.load(mean + at));
    f32.store(to, <f32>(<f64>(scale ? f32.load(scale + at) : 1) / deviation), 16);
    f32.store(to, offset ? f32.load(offset + at) : 0, 32);
  }
  for (let row = rows; row; row--) {
    let from = constants, count = columns;
    for (; count >= 4; count -= 4) {
      const centered = f32x4.sub(v128.load(source), v128.load(from));
      v128.store(target, f32x4.add(f32x4.mul(centered, v128.load(from, 16)), v128.load(from, 32)));
      source += 16;
      from += 48;
      target += 16;
    }
    for (; count; count--) {
      f32.store(target, (f32.load(source) - f32.load(from)) * f32.load(from, 16) + f32.load(from, 32));
      source += 4;
      from += 4;
      target += 4;
    }
  }
}
