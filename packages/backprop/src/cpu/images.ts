/** Between a tensor's image and the canonical one, in plain JavaScript. */
import type { Geometry } from '../canonical';

/** Calls `visit` for each value that the canonical image shares with the tensor's image: where it lies here, where there. */
const forEachShared = (geometry: Geometry, visit: (canonical: number, tensor: number) => void): void => {
  const { height, width, channels, channelsLast, padTop, padLeft, paddedHeight, paddedWidth, multiplier } = geometry;
  const pixelStep = channelsLast ? channels : 1, channelStep = channelsLast ? 1 : height * width;
  const lastRow = Math.min(height, paddedHeight - padTop), lastColumn = Math.min(width, paddedWidth - padLeft);
  for (let row = 0; row < lastRow; row++) {
    for (let column = 0; column < lastColumn; column++) {
      let canonical = ((row + padTop) * paddedWidth + column + padLeft) * channels * multiplier;
      let tensor = (row * width + column) * pixelStep;
      for (let channel = 0; channel < channels; channel++) {
        for (let copy = 0; copy < multiplier; copy++) visit(canonical++, tensor);
        tensor += channelStep;
      }
    }
  }
};

/** Fills the canonical image, whose padding is zero already, from the values that begin at `start`. */
export const readImage = (values: Float32Array, start: number, geometry: Geometry, image: Float64Array): void => {
  forEachShared(geometry, (canonical, tensor) => { image[canonical] = values[start + tensor]!; });
};

/** Adds the canonical image to the values that begin at `start`: repeated channels are summed, padding is dropped. */
export const addImage = (image: Float64Array, geometry: Geometry, values: Float32Array, start: number): void => {
  forEachShared(geometry, (canonical, tensor) => { values[start + tensor]! += image[canonical]!; });
};

/** Where a value of output `index` lies in its tensor: start, and the steps between pixels and channels. */
export const outputSteps = (
  { channelsLast, outHeight, outWidth, outChannels }: Geometry, index: number,
): { start: number; pixelStep: number; channelStep: number } => ({
  start: index * outHeight * outWidth * outChannels,
  pixelStep: channelsLast ? outChannels : 1,
  channelStep: channelsLast ? 1 : outHeight * outWidth,
});

/** The patch of an output pixel begins here in the canonical image. */
export const patchStart = ({ outWidth, strideHeight, strideWidth, paddedWidth, channels, multiplier }: Geometry, pixel: number): number => {
  const row = Math.floor(pixel / outWidth), column = pixel % outWidth;
  return (row * strideHeight * paddedWidth + column * strideWidth) * channels * multiplier;
};
