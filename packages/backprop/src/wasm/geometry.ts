/** Convolutions in canonical form, and how their shape is handed to the compiled kernels. */
import type { ConvolutionInfo } from '../geometry';
import type { Heap } from './heap';

/** A convolution over padded, channels-last images; the field order is that of assembly/geometry.ts. */
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

export const geometryBytes = 18 * 4;

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

export const writeGeometry = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  new Int32Array(memory.buffer, pointer, geometryBytes / 4).set(Object.values(geometry));
};

/** Each filter weight's distance in bytes from its patch's first value, filled up to whole quads with the last. */
export const writeOffsets = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  const { filterHeight, filterWidth, dilationHeight, dilationWidth, paddedWidth } = geometry;
  const channels = geometry.channels * geometry.multiplier;
  const count = filterHeight * filterWidth * channels;
  const offsets = new Int32Array(memory.buffer, pointer, Math.ceil(count / 4) * 4);
  let at = 0;
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const first = (row * dilationHeight * paddedWidth + column * dilationWidth) * channels;
      for (let channel = 0; channel < channels; channel++) offsets[at++] = (first + channel) * 4;
    }
  }
  offsets.fill(offsets[count - 1] ?? 0, count);
};

/** The pieces in which a patch lies in its image: a filter row each, or each filter weight's channels where the filter is dilated. */
export const runsOf = ({ filterHeight, filterWidth, dilationWidth, channels }: Geometry): { runs: number; length: number } =>
  dilationWidth === 1 ? { runs: filterHeight, length: filterWidth * channels } : { runs: filterHeight * filterWidth, length: channels };

/** The bytes between the end of one run and the begin of the next. */
export const writeGaps = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  const { filterWidth, dilationHeight, dilationWidth, paddedWidth, channels } = geometry;
  const { runs, length } = runsOf(geometry);
  const perRow = dilationWidth === 1 ? 1 : filterWidth;
  const start = (run: number): number => (Math.floor(run / perRow) * dilationHeight * paddedWidth + (run % perRow) * dilationWidth) * channels;
  const gaps = new Int32Array(memory.buffer, pointer, runs);
  for (let run = 1; run < runs; run++) gaps[run - 1] = (start(run) - start(run - 1) - length) * 4;
};
