/** The gradient of a convolution's filter: patchesᵀ · outputGradient, summed over all pixels of all images. */
import { Geometry } from './geometry';
import { packPatches, packRight } from './pack';
import { tileByColumns } from './tile';

/**
 * Packs one canonical image and its output gradient behind the `filled` pixels that the panels hold already, multiplies whenever
 * they are full, and returns how many they hold at the end. `offsets` names the filter weights that are computed.
 */
export function filterGradientImage(
  image: usize, gradient: usize, geometry: usize, offsets: usize, weights: i32,
  patches: usize, gradients: usize, capacity: i32, filled: i32, target: usize, add: bool, spill: usize,
): i32 {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>(g.channels * g.multiplier) << 2;
  const rowStep = pixelBytes * <usize>(g.paddedWidth * g.strideHeight), pixelStep = pixelBytes * <usize>g.strideWidth;
  const gradientStep = <usize>g.outChannels << 2;
  for (let row = 0; row < g.outHeight; row++) {
    let pixel = 0;
    while (pixel < g.outWidth) {
      const count = min(capacity - filled, g.outWidth - pixel);
      const from = image + rowStep * <usize>row + pixelStep * <usize>pixel;
      packPatches(from, pixelStep, count, offsets, (weights + 3) >> 2, patches, capacity, filled);
      packRight(gradient, gradientStep, 4, count, g.outChannels, gradients, capacity, filled);
      gradient += gradientStep * <usize>count;
      pixel += count;
      filled += count;
      if (filled == capacity) {
        multiplyPanels(patches, gradients, capacity, filled, weights, g.outChannels, target, add, spill);
        add = true;
        filled = 0;
      }
    }
  }
  return filled;
}

/** target (weights × columns) = or += patchesᵀ · gradients over the `depth` pixels that the panels hold. */
export function multiplyPanels(
  patches: usize, gradients: usize, capacity: i32, depth: i32, weights: i32, columns: i32, target: usize, add: bool, spill: usize,
): void {
  const stride = <usize>columns << 2;
  for (let column = 0; column < columns; column += 8) {
    const right = gradients + (<usize>(column * capacity) << 2);
    for (let weight = 0; weight < weights; weight += 4) {
      tileByColumns(
        patches + (<usize>(weight * capacity) << 2), 16, right, depth,
        target + stride * <usize>weight + (<usize>column << 2), stride, min(4, weights - weight), min(8, columns - column), add, spill,
      );
    }
  }
}
