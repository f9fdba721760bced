/** Convolutions in canonical form: padded, channels-last images, one at a time, so that no inner loop asks where the border is. */
import type { ConvolutionInfo } from './geometry';

/** A convolution over canonical images; the field order is that of assembly/geometry.ts. */
export interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channelsLast: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  readonly multiplier: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
}

/** `multiplier` repeats each image channel, as a depthwise convolution with more outputs than inputs sees it. */
export const canonical = (info: ConvolutionInfo, multiplier = 1): Geometry => ({
  height: info.inHeight,
  width: info.inWidth,
  channels: info.inChannels,
  channelsLast: info.dataFormat === 'channelsLast' ? 1 : 0,
  padTop: info.padInfo.top,
  padLeft: info.padInfo.left,
  paddedHeight: (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1,
  paddedWidth: (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1,
  multiplier,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  strideHeight: info.strideHeight,
  strideWidth: info.strideWidth,
  dilationHeight: info.dilationHeight,
  dilationWidth: info.dilationWidth,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  outChannels: info.outChannels,
});

/** An image that is canonical as it lies in its tensor needs no copy; then its own size is what the kernels step by. */
export const inPlace = (geometry: Geometry): Geometry | undefined => {
  const { channelsLast, multiplier, padTop, padLeft, paddedHeight, paddedWidth, height, width } = geometry;
  const fits = channelsLast === 1 && multiplier === 1 && padTop === 0 && padLeft === 0 && paddedHeight <= height && paddedWidth <= width;
  return fits ? { ...geometry, paddedHeight: height, paddedWidth: width } : undefined;
};

/** Values in one image of the tensor, in one canonical image, in one output image. */
export const imageSize = ({ height, width, channels }: Geometry): number => height * width * channels;
export const canonicalSize = ({ paddedHeight, paddedWidth, channels, multiplier }: Geometry): number =>
  paddedHeight * paddedWidth * channels * multiplier;
export const outputSize = ({ outHeight, outWidth, outChannels }: Geometry): number => outHeight * outWidth * outChannels;

/** Each filter weight's distance from its patch's first value, in canonical images. */
export const patchOffsets = ({ filterHeight, filterWidth, dilationHeight, dilationWidth, paddedWidth, channels, multiplier }: Geometry): Int32Array => {
  const depth = channels * multiplier;
  const offsets = new Int32Array(filterHeight * filterWidth * depth);
  let at = 0;
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const first = (row * dilationHeight * paddedWidth + column * dilationWidth) * depth;
      for (let channel = 0; channel < depth; channel++) offsets[at++] = first + channel;
    }
  }
  return offsets;
};
