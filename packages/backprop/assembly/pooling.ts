/** The gradients of max and average pooling, channels last; windows are clipped at the image's border. */
import { Geometry } from './geometry';

/** The whole batch: each output's gradient goes to the first largest input of its window, as tfjs has it (NaN is never the largest). */
export function maxPoolGradient(input: usize, gradient: usize, target: usize, geometry: usize, batch: i32): void {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>g.channels << 2, rowBytes = pixelBytes * <usize>g.width, imageBytes = rowBytes * <usize>g.height;
  // Windows that do not overlap are written once; what lies between them, or behind the last, is zero.
  const apart = g.strideHeight >= g.filterHeight && g.strideWidth >= g.filterWidth;
  memory.fill(target, 0, imageBytes * <usize>batch);
  for (let image = 0; image < batch; image++) {
    for (let outRow = 0; outRow < g.outHeight; outRow++) {
      const top = outRow * g.strideHeight - g.padTop, firstRow = max(0, top), lastRow = min(g.height, top + g.filterHeight);
      for (let outColumn = 0; outColumn < g.outWidth; outColumn++) {
        const left = outColumn * g.strideWidth - g.padLeft, firstColumn = max(0, left), lastColumn = min(g.width, left + g.filterWidth);
        const start = rowBytes * <usize>firstRow + pixelBytes * <usize>firstColumn;
        const rows = lastRow - firstRow, columns = lastColumn - firstColumn;
        let channel = 0;
        for (; channel + 4 <= g.channels; channel += 4) {
          const from = start + (<usize>channel << 2);
          let best = f32x4.splat(-Infinity), where = i32x4.splat(-1), at = from;
          for (let row = 0; row < rows; row++) {
            let next = at;
            for (let column = 0; column < columns; column++) {
              const value = v128.load(input + next), larger = f32x4.gt(value, best);
              best = v128.bitselect(value, best, larger);
              where = v128.bitselect(i32x4.splat(<i32>next), where, larger);
              next += pixelBytes;
            }
            at += rowBytes;
          }
          const change = v128.load(gradient + (<usize>channel << 2));
          at = from;
          for (let row = 0; row < rows; row++) {
            let next = at;
            for (let column = 0; column < columns; column++) {
              const here = v128.and(change, i32x4.eq(where, i32x4.splat(<i32>next)));
              v128.store(target + next, apart ? here : f32x4.add(v128.load(target + next), here));
              next += pixelBytes;
            }
            at += rowBytes;
          }
        }
        for (; channel < g.channels; channel++) {
          let best: f32 = -Infinity, where: usize = -1, at = start + (<usize>channel << 2);
          for (let row = 0; row < rows; row++) {
            let next = at;
            for (let column = 0; column < columns; column++) {
              const value = f32.load(input + next);
              if (value > best) {
                best = value;
                where = next;
              }
              next += pixelBytes;
            }
            at += rowBytes;
          }
          if (where != <usize>-1) f32.store(target + where, f32.load(target + where) + f32.load(gradient + (<usize>channel << 2)));
        }
        gradient += pixelBytes;
      }
    }
    input += imageBytes;
    target += imageBytes;
  }
}

/** The whole batch: each output's gradient, times `factor`, goes to every input of its window. */
export function averagePoolGradient(gradient: usize, target: usize, geometry: usize, batch: i32, factor: f32): void {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>g.channels << 2, rowBytes = pixelBytes * <usize>g.width, imageBytes = rowBytes * <usize>g.height;
  const factors = f32x4.splat(factor);
  memory.fill(target, 0, imageBytes * <usize>batch);
  for (let image = 0; image < batch; image++) {
    for (let outRow = 0; outRow < g.outHeight; outRow++) {
      const top = outRow * g.strideHeight - g.padTop, firstRow = max(0, top), lastRow = min(g.height, top + g.filterHeight);
      for (let outColumn = 0; outColumn < g.outWidth; outColumn++) {
        const left = outColumn * g.strideWidth - g.padLeft, firstColumn = max(0, left), lastColumn = min(g.width, left + g.filterWidth);
        for (let row = firstRow; row < lastRow; row++) {
          let to = target + rowBytes * <usize>row + pixelBytes * <usize>firstColumn;
          for (let column = firstColumn; column < lastColumn; column++) {
            let channel = g.channels, from = gradient;
            for (; channel >= 4; channel -= 4) {
              v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(from), factors)));
              from += 16;
              to += 16;
            }
            for (; channel; channel--) {
              f32.store(to, f32.load(to) + f32.load(from) * factor);
              from += 4;
              to += 4;
            }
          }
        }
        gradient += pixelBytes;
      }
    }
    target += imageBytes;
  }
}
