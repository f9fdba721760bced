/** The gradients of a depthwise convolution, for one canonical image: with its channels repeated, each output channel has its own input. */
import { Geometry } from './geometry';

/** target (filter) += the image's part: for each filter weight, image · outputGradient summed over the pixels. */
export function depthwiseFilterGradientImage(image: usize, gradient: usize, geometry: usize, target: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.outChannels, pixelBytes = <usize>channels << 2, rowBytes = pixelBytes * <usize>g.paddedWidth;
  const step = pixelBytes * <usize>g.strideWidth;
  for (let row = 0; row < g.outHeight; row++) {
    const imageRow = image + rowBytes * <usize>(row * g.strideHeight);
    let to = target;
    for (let filterRow = 0; filterRow < g.filterHeight; filterRow++) {
      for (let filterColumn = 0; filterColumn < g.filterWidth; filterColumn++) {
        const start = imageRow + rowBytes * <usize>filterRow + pixelBytes * <usize>filterColumn;
        let channel = 0;
        for (; channel + 8 <= channels; channel += 8) {
          let from = start + (<usize>channel << 2), change = gradient + (<usize>channel << 2);
          let low = f32x4.splat(0), high = low;
          for (let pixel = g.outWidth; pixel; pixel--) {
            low = f32x4.add(low, f32x4.mul(v128.load(from), v128.load(change)));
            high = f32x4.add(high, f32x4.mul(v128.load(from, 16), v128.load(change, 16)));
            from += step;
            change += pixelBytes;
          }
          v128.store(to, f32x4.add(v128.load(to), low));
          v128.store(to, f32x4.add(v128.load(to, 16), high), 16);
          to += 32;
        }
        for (; channel < channels; channel++) {
          let from = start + (<usize>channel << 2), change = gradient + (<usize>channel << 2);
          let sum: f32 = 0;
          for (let pixel = g.outWidth; pixel; pixel--) {
            sum += f32.load(from) * f32.load(change);
            from += step;
            change += pixelBytes;
          }
          f32.store(to, f32.load(to) + sum);
          to += 4;
        }
      }
    }
    gradient += pixelBytes * <usize>g.outWidth;
  }
}

/** image += outputGradient · filter, each product added where its weight met the image. */
export function depthwiseInputGradientImage(gradient: usize, filter: usize, geometry: usize, image: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.outChannels, pixelBytes = <usize>channels << 2, rowBytes = pixelBytes * <usize>g.paddedWidth;
  const step = pixelBytes * <usize>g.strideWidth;
  for (let row = 0; row < g.outHeight; row++) {
    let weights = filter;
    for (let filterRow = 0; filterRow < g.filterHeight; filterRow++) {
      for (let filterColumn = 0; filterColumn < g.filterWidth; filterColumn++) {
        const start = image + rowBytes * <usize>(row * g.strideHeight + filterRow) + pixelBytes * <usize>filterColumn;
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          let to = start + (<usize>channel << 2), change = gradient + (<usize>channel << 2);
          const weight = v128.load(weights);
          for (let pixel = g.outWidth; pixel; pixel--) {
            v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(change), weight)));
            to += step;
            change += pixelBytes;
          }
          weights += 16;
        }
        for (; channel < channels; channel++) {
          let to = start + (<usize>channel << 2), change = gradient + (<usize>channel << 2);
          const weight = f32.load(weights);
          for (let pixel = g.outWidth; pixel; pixel--) {
            f32.store(to, f32.load(to) + f32.load(change) * weight);
            to += step;
            change += pixelBytes;
          }
          weights += 4;
        }
      }
    }
    gradient += pixelBytes * <usize>g.outWidth;
  }
}
