/** Walks the images of a batch in canonical form, copying only those that are not canonical as they lie. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonicalSize, imageSize, inPlace, outputSize } from '../canonical';
import type { Geometry } from '../canonical';
import type { Heap } from './heap';
import { pointerTo } from './heap';

/** What a walk needs: the geometry to hand on, and scratch for one image and one output (0 bytes where none is needed). */
export interface Layout {
  readonly geometry: Geometry;
  readonly direct: boolean;
  readonly imageBytes: number;
  readonly outputBytes: number;
}

export const layoutOf = (canonical: Geometry): Layout => {
  const direct = inPlace(canonical);
  const geometry = direct ?? canonical;
  return {
    geometry,
    direct: direct !== undefined,
    imageBytes: direct ? 0 : canonicalSize(geometry) * 4,
    outputBytes: geometry.channelsLast ? 0 : outputSize(geometry) * 4,
  };
};

/** The canonical image number `index` of a tensor. */
export const readImage = (heap: Heap, { geometry, direct }: Layout, tensor: TensorInfo, index: number, shape: number, scratch: number): number => {
  const source = pointerTo(heap, tensor) + index * imageSize(geometry) * 4;
  if (direct) return source;
  heap.kernels.importImage(source, scratch, shape);
  return scratch;
};

/** Lets `fill` add to a zeroed canonical image, which becomes image number `index` of the tensor that begins at `tensor`. */
export const writeImage = (
  heap: Heap, { geometry, direct }: Layout, tensor: number, index: number, shape: number, scratch: number, fill: (image: number) => void,
): void => {
  const target = tensor + index * imageSize(geometry) * 4;
  const image = direct ? target : scratch;
  heap.kernels.zero(image, canonicalSize(geometry) * 4);
  fill(image);
  if (!direct) heap.kernels.exportImage(image, target, shape);
};

/** The channels-last output (or its gradient) number `index` of a tensor. */
export const readOutput = (heap: Heap, { geometry }: Layout, tensor: TensorInfo, index: number, scratch: number): number => {
  const source = pointerTo(heap, tensor) + index * outputSize(geometry) * 4;
  if (geometry.channelsLast) return source;
  heap.kernels.transpose(source, scratch, geometry.outChannels, geometry.outHeight * geometry.outWidth);
  return scratch;
};

/** Lets `fill` write a channels-last output, which becomes output number `index` of the tensor that begins at `tensor`. */
export const writeOutput = (
  heap: Heap, { geometry }: Layout, tensor: number, index: number, scratch: number, fill: (output: number) => void,
): void => {
  const target = tensor + index * outputSize(geometry) * 4;
  fill(geometry.channelsLast ? target : scratch);
  if (!geometry.channelsLast) heap.kernels.transpose(scratch, target, geometry.outHeight * geometry.outWidth, geometry.outChannels);
};
