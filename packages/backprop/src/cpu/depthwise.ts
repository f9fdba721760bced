/** DepthwiseConv2dNative and its two gradients on cpu. Canonical images repeat channels, so that each output channel has its own input. */
import {
  DepthwiseConv2dNative, DepthwiseConv2dNativeBackpropFilter, DepthwiseConv2dNativeBackpropInput,
} from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical, canonicalSize, imageSize, outputSize } from '../canonical';
import type { Geometry } from '../canonical';
import { areFloat32, convolutionInfo, gradientInfo, isEmpty } from '../geometry';
import type { ConvolutionAttributes, ConvolutionInfo } from '../geometry';
import type { OwnKernel } from '../kernel';
import { tensorOf, valuesOf, zeros } from './backend';
import { addImage, outputSteps, patchStart, readImage } from './images';

const repeated = (info: ConvolutionInfo): Geometry => canonical(info, info.outChannels / info.inChannels);

/** Calls `use` for each output pixel and filter position: where the first channel lies in the image, in the filter, in the output. */
const forEachProduct = (geometry: Geometry, use: (image: number, filter: number, output: number) => void): void => {
  const { filterHeight, filterWidth, dilationHeight, dilationWidth, paddedWidth, outHeight, outWidth, outChannels } = geometry;
  for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
    const start = patchStart(geometry, pixel);
    for (let row = 0; row < filterHeight; row++) {
      for (let column = 0; column < filterWidth; column++) {
        const offset = (row * dilationHeight * paddedWidth + column * dilationWidth) * outChannels;
        use(start + offset, (row * filterWidth + column) * outChannels, pixel * outChannels);
      }
    }
  }
};

export const depthwiseConvolution: OwnKernel = (args, stock) => {
  const { x, filter } = args.inputs as { x: TensorInfo; filter: TensorInfo };
  const attributes = args.attrs as unknown as ConvolutionAttributes;
  const info = convolutionInfo(DepthwiseConv2dNative, x.shape, filter.shape, attributes, true);
  if (!areFloat32(x, filter)) return stock(args);
  if (isEmpty(info)) return zeros(args.backend, info.outShape);
  const geometry = repeated(info), { outChannels } = info;
  const weights = valuesOf(args.backend, filter), image = new Float64Array(canonicalSize(geometry));
  const made = new Float32Array(info.batchSize * outputSize(geometry)), sums = new Float64Array(outputSize(geometry));
  for (let index = 0; index < info.batchSize; index++) {
    readImage(valuesOf(args.backend, x), index * imageSize(geometry), geometry, image);
    sums.fill(0);
    forEachProduct(geometry, (from, by, to) => {
      for (let channel = 0; channel < outChannels; channel++) sums[to + channel]! += image[from + channel]! * weights[by + channel]!;
    });
    const { start, pixelStep, channelStep } = outputSteps(geometry, index);
    for (let pixel = 0, from = 0; from < sums.length; pixel++) {
      const to = start + pixel * pixelStep;
      for (let channel = 0; channel < outChannels; channel++) made[to + channel * channelStep] = sums[from++]!;
    }
  }
  return tensorOf(args.backend, info.outShape, made);
};

export const depthwiseFilterGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  if (!areFloat32(x, dy)) return stock(args);
  const info = gradientInfo(DepthwiseConv2dNativeBackpropFilter, x.shape, attributes.filterShape, dy, attributes, true);
  if (isEmpty(info)) return zeros(backend, attributes.filterShape);
  const geometry = repeated(info), { outChannels } = info, gradients = valuesOf(backend, dy);
  const image = new Float64Array(canonicalSize(geometry)), made = new Float64Array(info.filterHeight * info.filterWidth * outChannels);
  for (let index = 0; index < info.batchSize; index++) {
    const start = index * outputSize(geometry);
    readImage(valuesOf(backend, x), index * imageSize(geometry), geometry, image);
    forEachProduct(geometry, (from, to, by) => {
      for (let channel = 0; channel < outChannels; channel++) made[to + channel]! += image[from + channel]! * gradients[start + by + channel]!;
    });
  }
  return tensorOf(backend, attributes.filterShape, Float32Array.from(made));
};

export const depthwiseInputGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  if (!areFloat32(dy, filter)) return stock(args);
  const info = gradientInfo(DepthwiseConv2dNativeBackpropInput, attributes.inputShape, filter.shape, dy, attributes, true);
  if (isEmpty(info)) return zeros(backend, attributes.inputShape);
  const geometry = repeated(info), { outChannels } = info, gradients = valuesOf(backend, dy), weights = valuesOf(backend, filter);
  const image = new Float64Array(canonicalSize(geometry)), made = new Float32Array(info.batchSize * imageSize(geometry));
  for (let index = 0; index < info.batchSize; index++) {
    const start = index * outputSize(geometry);
    image.fill(0);
    forEachProduct(geometry, (to, by, from) => {
      for (let channel = 0; channel < outChannels; channel++) image[to + channel]! += gradients[start + from + channel]! * weights[by + channel]!;
    });
    addImage(image, geometry, made, index * imageSize(geometry));
  }
  return tensorOf(backend, attributes.inputShape, made);
};
