/** Conv2D and its two gradients on cpu: products of packed patches, a block of output pixels at a time. */
import { Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical, canonicalSize, imageSize, patchOffsets } from '../canonical';
import type { Geometry } from '../canonical';
import { areFloat32, convolutionInfo, gradientInfo, isEmpty } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { tensorOf, valuesOf, zeros } from './backend';
import { addImage, outputSteps, patchStart, readImage } from './images';
import { multiply, pack, panels } from './panels';

/** Output pixels in one product: their patches stay in a core's second cache. */
const blockPixels = 64;

/** Calls `use` for each block of output pixels of an image. */
const forEachBlock = ({ outHeight, outWidth }: Geometry, use: (first: number, count: number) => void): void => {
  const pixels = outHeight * outWidth;
  for (let first = 0; first < pixels; first += blockPixels) use(first, Math.min(blockPixels, pixels - first));
};

export const convolution: OwnKernel = (args, stock) => {
  const { x, filter } = args.inputs as { x: TensorInfo; filter: TensorInfo };
  const info = convolutionInfo(Conv2D, x.shape, filter.shape, args.attrs as unknown as ConvolutionAttributes);
  if (!areFloat32(x, filter)) return stock(args);
  if (isEmpty(info)) return zeros(args.backend, info.outShape);
  const geometry = canonical(info), offsets = patchOffsets(geometry);
  const { batchSize, outHeight, outWidth, outChannels } = info, weights = offsets.length;
  const right = panels(outChannels, weights), left = panels(blockPixels, weights), block = new Float64Array(blockPixels * outChannels);
  pack(valuesOf(args.backend, filter), 0, 1, outChannels, outChannels, weights, right);
  const image = new Float64Array(canonicalSize(geometry)), made = new Float32Array(batchSize * outHeight * outWidth * outChannels);
  for (let index = 0; index < batchSize; index++) {
    readImage(valuesOf(args.backend, x), index * imageSize(geometry), geometry, image);
    const { start, pixelStep, channelStep } = outputSteps(geometry, index);
    forEachBlock(geometry, (first, count) => {
      for (let pixel = 0; pixel < count; pixel++) {
        const from = patchStart(geometry, first + pixel);
        for (let k = 0, to = (pixel >> 2) * 4 * weights + (pixel & 3); k < weights; k++, to += 4) left[to] = image[from + offsets[k]!]!;
      }
      block.fill(0);
      multiply(left, right, count, outChannels, weights, block);
      for (let pixel = 0, from = 0; pixel < count; pixel++) {
        const to = start + (first + pixel) * pixelStep;
        for (let channel = 0; channel < outChannels; channel++) made[to + channel * channelStep] = block[from++]!;
      }
    });
  }
  return tensorOf(args.backend, info.outShape, made);
};

export const convolutionFilterGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  if (!areFloat32(x, dy)) return stock(args);
  const info = gradientInfo(Conv2DBackpropFilter, x.shape, attributes.filterShape, dy, attributes);
  if (isEmpty(info)) return zeros(backend, attributes.filterShape);
  const geometry = canonical(info), offsets = patchOffsets(geometry);
  const { batchSize, outChannels } = info, weights = offsets.length;
  const left = panels(weights, blockPixels), right = panels(outChannels, blockPixels);
  const image = new Float64Array(canonicalSize(geometry)), made = new Float64Array(weights * outChannels);
  for (let index = 0; index < batchSize; index++) {
    readImage(valuesOf(backend, x), index * imageSize(geometry), geometry, image);
    const { start, pixelStep, channelStep } = outputSteps(geometry, index);
    forEachBlock(geometry, (first, count) => {
      for (let pixel = 0; pixel < count; pixel++) {
        const from = patchStart(geometry, first + pixel);
        for (let k = 0; k < weights; k++) left[(k >> 2) * 4 * count + pixel * 4 + (k & 3)] = image[from + offsets[k]!]!;
      }
      pack(valuesOf(backend, dy), start + first * pixelStep, channelStep, pixelStep, outChannels, count, right);
      multiply(left, right, weights, outChannels, count, made);
    });
  }
  return tensorOf(backend, attributes.filterShape, Float32Array.from(made));
};

export const convolutionInputGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  if (!areFloat32(dy, filter)) return stock(args);
  const info = gradientInfo(Conv2DBackpropInput, attributes.inputShape, filter.shape, dy, attributes);
  if (isEmpty(info)) return zeros(backend, attributes.inputShape);
  const geometry = canonical(info), offsets = patchOffsets(geometry);
  const { batchSize, outChannels } = info, weights = offsets.length;
  const right = panels(weights, outChannels), left = panels(blockPixels, outChannels), patches = new Float64Array(blockPixels * weights);
  pack(valuesOf(backend, filter), 0, outChannels, 1, weights, outChannels, right);
  const image = new Float64Array(canonicalSize(geometry)), made = new Float32Array(batchSize * imageSize(geometry));
  for (let index = 0; index < batchSize; index++) {
    const { start, pixelStep, channelStep } = outputSteps(geometry, index);
    image.fill(0);
    forEachBlock(geometry, (first, count) => {
      pack(valuesOf(backend, dy), start + first * pixelStep, pixelStep, channelStep, count, outChannels, left);
      patches.fill(0);
      multiply(left, right, count, weights, outChannels, patches);
      for (let pixel = 0, from = 0; pixel < count; pixel++) {
        const to = patchStart(geometry, first + pixel);
        for (let k = 0; k < weights; k++) image[to + offsets[k]!]! += patches[from++]!;
      }
    });
    addImage(image, geometry, made, index * imageSize(geometry));
  }
  return tensorOf(backend, attributes.inputShape, made);
};
