/** What a convolution kernel is asked for, read from tfjs's inputs and attributes into plain numbers. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from './errors';

type Size4 = [number, number, number, number];
export type ConvolutionInfo = backend_util.Conv2DInfo;

/** The attributes that tfjs hands to convolution kernels, forward and backward; a backward one has no dilations. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: [number, number] | number | null;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The attributes of a pooling kernel. */
export interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

const convolutionShapes = (
  imageShape: number[], filterShape: number[], attributes: ConvolutionAttributes, depthwise: boolean,
): ConvolutionInfo => backend_util.computeConv2DInfo(
  imageShape as Size4, filterShape as Size4, attributes.strides, attributes.dilations ?? 1, attributes.pad,
  attributes.dimRoundingMode, depthwise, backend_util.convertConv2DDataFormat(attributes.dataFormat ?? 'NHWC'),
);

/** Where the filter is larger than the padded image, tfjs's own kernels make tensors of negative sizes. */
const requireRoom = (kernelName: string, info: ConvolutionInfo): ConvolutionInfo => {
  if (info.outHeight < 0 || info.outWidth < 0) {
    const filter = `${info.filterHeight} × ${info.filterWidth}`;
    const expected = `an image that the filter of ${filter} fits into; pad the image, or take a smaller filter`;
    throw rangeError(kernelName, expected, `${info.inHeight} × ${info.inWidth}`);
  }
  return info;
};

/** The geometry of a convolution from the shapes of its image and filter. */
export const convolutionInfo = (
  kernelName: string, imageShape: number[], filterShape: number[], attributes: ConvolutionAttributes, depthwise = false,
): ConvolutionInfo => requireRoom(kernelName, convolutionShapes(imageShape, filterShape, attributes, depthwise));

/** Whether no filter weight meets any value: then the result, if it has values at all, is zeros. */
export const isEmpty = (info: ConvolutionInfo): boolean => {
  const image = info.batchSize * info.inHeight * info.inWidth * info.inChannels;
  const output = info.outHeight * info.outWidth * info.outChannels;
  return image === 0 || output === 0 || info.filterHeight * info.filterWidth === 0;
};

/**
 * The geometry of a gradient, whose output size is the one its gradient really has: tfjs drops the rounding mode on the way back,
 * and with 'ceil' or 'round' would leave out the last row and column.
 */
export const gradientInfo = (
  kernelName: string, imageShape: number[], filterShape: number[], gradient: TensorInfo, attributes: ConvolutionAttributes, depthwise = false,
): ConvolutionInfo => {
  const info = convolutionShapes(imageShape, filterShape, attributes, depthwise);
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1) {
    throw rangeError(kernelName, 'dilations of 1 (tfjs has no gradient of a dilated convolution)', `${info.dilationHeight} × ${info.dilationWidth}`);
  }
  const [batch, second, third, fourth] = gradient.shape as Size4;
  const [outChannels, outHeight, outWidth] = info.dataFormat === 'channelsLast' ? [fourth, second, third] : [second, third, fourth];
  if (batch !== info.batchSize || outChannels !== info.outChannels) {
    throw rangeError(kernelName, `a gradient of batch ${info.batchSize} with ${info.outChannels} channels`, `shape [${gradient.shape.join(', ')}]`);
  }
  return { ...info, outHeight, outWidth };
};

/** Our kernels compute in float32 only. */
export const areFloat32 = (...tensors: readonly TensorInfo[]): boolean =>
  tensors.every(({ dtype }) => dtype === 'float32');

/** For kernels that tfjs has none of. */
export const requireFloat32 = (kernelName: string, tensors: Readonly<Record<string, TensorInfo>>): void => {
  for (const [name, { dtype }] of Object.entries(tensors)) {
    if (dtype !== 'float32') throw rangeError(kernelName, `${name} of dtype float32`, dtype);
  }
};

/** A 1 × 1 convolution over every pixel of channels-last images is one matrix product. */
export const isPointwise = (info: ConvolutionInfo): boolean =>
  info.dataFormat === 'channelsLast' && info.filterHeight === 1 && info.filterWidth === 1 && info.strideHeight === 1 && info.strideWidth === 1 &&
  info.padInfo.top === 0 && info.padInfo.left === 0 && info.outHeight === info.inHeight && info.outWidth === info.inWidth;

/** The geometry of a pooling from the shape of its image. */
export const poolInfo = (kernelName: string, imageShape: number[], attributes: PoolAttributes): ConvolutionInfo =>
  requireRoom(kernelName, poolShapes(imageShape, attributes));

const poolShapes = (shape: number[], { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): ConvolutionInfo =>
  backend_util.computePool2DInfo(shape as Size4, filterSize, strides, 1, pad, dimRoundingMode);

/** The geometry of a pooling gradient; its output size, too, is the one its gradient really has. */
export const poolGradientInfo = (
  kernelName: string, imageShape: number[], gradient: TensorInfo, attributes: PoolAttributes,
): ConvolutionInfo => {
  const info = poolShapes(imageShape, attributes);
  const [batch, outHeight, outWidth, channels] = gradient.shape as Size4;
  if (batch !== info.batchSize || channels !== info.inChannels) {
    throw rangeError(kernelName, `a gradient of batch ${info.batchSize} with ${info.inChannels} channels`, `shape [${gradient.shape.join(', ')}]`);
  }
  return { ...info, outHeight, outWidth };
};
