/** A convolution's output, and the gradient of its input, for one canonical image. Neither forms the matrix of all patches. */
import { Geometry } from './geometry';
import { multiply } from './matrix';
import { tileByRows } from './tile';

/** Output pixels that are worked on together: their patches, or the gradients of their patches, stay in the caches. */
const blockPixels = 64;

/**
 * output = patches · filter. A filter row meets neighbouring values of the image, so a tile reads its four patches where they are:
 * `runs` pieces of `length` values with `gaps` between them. `panels` is the packed filter, `pointers` has room for one block's patches.
 */
export function convolveImage(
  image: usize, panels: usize, geometry: usize, runs: i32, length: i32, gaps: usize, output: usize, pointers: usize, spill: usize,
): void {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>(g.channels * g.multiplier) << 2, rowBytes = pixelBytes * <usize>g.paddedWidth;
  const pixels = g.outHeight * g.outWidth, weights = runs * length, columns = g.outChannels, stride = <usize>columns << 2;
  let row = 0, pixel = 0;
  for (let block = 0; block < pixels; block += blockPixels) {
    const count = min(blockPixels, pixels - block);
    for (let index = 0; index < blockPixels; index++) {
      if (index < count) {
        store<usize>(pointers + (<usize>index << 2), image + rowBytes * <usize>(row * g.strideHeight) + pixelBytes * <usize>(pixel * g.strideWidth));
        if (++pixel == g.outWidth) {
          pixel = 0;
          row++;
        }
      } else {
        store<usize>(pointers + (<usize>index << 2), image);
      }
    }
    const to = output + stride * <usize>block;
    for (let column = 0; column < columns; column += 8) {
      const right = panels + (<usize>(column * weights) << 2), width = min(8, columns - column);
      for (let index = 0; index < count; index += 4) {
        const at = pointers + (<usize>index << 2);
        tileByRows(
          load<usize>(at), load<usize>(at, 4), load<usize>(at, 8), load<usize>(at, 12), 4, runs, length, gaps, right,
          to + stride * <usize>index + (<usize>column << 2), stride, min(4, count - index), width, false, spill,
        );
      }
    }
  }
}

/**
 * image += the patches' gradients, outputGradient · filterᵀ, each added where its patch lies. `panels` is the packed, transposed
 * filter with `capacity` depths a panel; `patches` has room for one block.
 */
export function inputGradientImage(gradient: usize, panels: usize, geometry: usize, image: usize, patches: usize, spill: usize): void {
  const g = changetype<Geometry>(geometry);
  const pixelBytes = <usize>(g.channels * g.multiplier) << 2, rowBytes = pixelBytes * <usize>g.paddedWidth;
  const length = g.filterWidth * g.channels * g.multiplier, weights = g.filterHeight * length;
  const pixels = g.outHeight * g.outWidth, gradientBytes = <usize>g.outChannels << 2;
  let row = 0, pixel = 0;
  for (let block = 0; block < pixels; block += blockPixels) {
    const count = min(blockPixels, pixels - block);
    multiply(
      gradient + gradientBytes * <usize>block, gradientBytes, 4, panels, g.outChannels, g.outChannels,
      count, weights, patches, <usize>weights << 2, false, spill,
    );
    let from = patches;
    for (let index = 0; index < count; index++) {
      let to = image + rowBytes * <usize>(row * g.strideHeight) + pixelBytes * <usize>(pixel * g.strideWidth);
      for (let filterRow = 0; filterRow < g.filterHeight; filterRow++) {
        addTo(to, from, length);
        from += <usize>length << 2;
        to += rowBytes;
      }
      if (++pixel == g.outWidth) {
        pixel = 0;
        row++;
      }
    }
  }
}

/** target[i] += source[i]. */
// @ts-ignore: decorator
@inline
function addTo(target: usize, source: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
    target += 16;
    source += 16;
  }
  for (; count; count--) {
    f32.store(target, f32.load(target) + f32.load(source));
    target += 4;
    source += 4;
  }
}
