/** The gradient of a convolution's filter: patchesᵀ · outputGradient, summed over all pixels of all images. */
import { Geometry } from './geometry';
import { packPatches, packRight } from './pack';
import { rowByColumns, tileByColumns } from './tile';

/**
 * Packs the patches of one canonical image behind the `filled` pixels that the panels hold already, multiplies whenever they are
 * full, and returns how many they hold at the end. The output gradients of the held pixels lie right before `gradient`.
 * `offsets` names the filter weights that are computed.
 */
export function filterGradientImage(
  image: usize, gradient: usize, geometry: usize, offsets: usize, weights: i32,
  patches: usize, tail: usize, capacity: i32, filled: i32, target: usize, add: bool, spill: usize,
): i32 {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>(g.channels * g.multiplier) << 2;
  const rowStep = pixelBytes * <usize>(g.paddedWidth * g.strideHeight), pixelStep = pixelBytes * <usize>g.strideWidth;
  const gradientStep = <usize>g.outChannels << 2;
  let first = gradient - gradientStep * <usize>filled;
  for (let row = 0; row < g.outHeight; row++) {
    let pixel = 0;
    while (pixel < g.outWidth) {
      const count = min(capacity - filled, g.outWidth - pixel);
      packPatches(image + rowStep * <usize>row + pixelStep * <usize>pixel, pixelStep, count, offsets, (weights + 3) >> 2, patches, capacity, filled);
      pixel += count;
      filled += count;
      if (filled == capacity) {
        multiplyPatches(patches, first, tail, capacity, filled, weights, g.outChannels, target, add, spill);
        first += gradientStep * <usize>capacity;
        add = true;
        filled = 0;
      }
    }
  }
  return filled;
}

/**
 * target (weights × columns) = or += patchesᵀ · gradients over the `depth` pixels that the panels hold. Whole octets of columns are
 * read where they are; the rest is packed into `tail`, since behind the last pixel there may be no memory.
 */
export function multiplyPatches(
  patches: usize, gradients: usize, tail: usize, capacity: i32, depth: i32, weights: i32, columns: i32, target: usize, add: bool, spill: usize,
): void {
  const stride = <usize>columns << 2;
  for (let column = 0; column < columns; column += 8) {
    const width = min(8, columns - column);
    let right = gradients + (<usize>column << 2), rightStep = stride;
    if (width < 8) {
      packRight(right, stride, 4, depth, width, tail, depth, 0);
      right = tail;
      rightStep = 32;
    }
    for (let weight = 0; weight < weights; weight += 4) {
      const left = patches + (<usize>(weight * capacity) << 2), to = target + stride * <usize>weight + (<usize>column << 2);
      const height = min(4, weights - weight);
      if (height == 1) rowByColumns(left, 16, right, rightStep, depth, to, width, add, spill);
      else tileByColumns(left, 16, right, rightStep, depth, to, stride, height, width, add, spill);
    }
  }
}
