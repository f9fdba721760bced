/**
 * The shape of one convolution or pooling, as 32-bit numbers that the caller writes into memory.
 *
 * The field order is shared with `src/wasm/geometry.ts`. Images are canonical: channels last, one image at a time, padding
 * already part of the image, so that no inner loop asks where the border is.
 */
@unmanaged
export class Geometry {
  /** The image as it lies in the tensor. */
  height: i32;
  width: i32;
  channels: i32;
  channelsLast: i32;
  padTop: i32;
  padLeft: i32;
  /** The canonical image: padded, cropped to what the filter reaches, channels repeated `multiplier` times. */
  paddedHeight: i32;
  paddedWidth: i32;
  multiplier: i32;
  /** The filter and how it moves. */
  filterHeight: i32;
  filterWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  /** The output. */
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
}
