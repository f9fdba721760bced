/** The two gradients of a depthwise convolution on wasm. Channels are repeated where a filter makes several outputs of one input. */
import { DepthwiseConv2dNativeBackpropFilter, DepthwiseConv2dNativeBackpropInput } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { gradientInfo, isEmpty, requireFloat32 } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { geometryBytes, writeGeometry } from './geometry';
import { heapOf, output, pointerTo, withScratch, zeros } from './heap';
import { layoutOf, readImage, readOutput, writeImage } from './images';

export const depthwiseFilterGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  requireFloat32(DepthwiseConv2dNativeBackpropFilter, { x, dy });
  const info = gradientInfo(DepthwiseConv2dNativeBackpropFilter, x.shape, attributes.filterShape, dy, attributes, true);
  const heap = heapOf(backend);
  const { kernels } = heap;
  if (isEmpty(info)) return zeros(heap, DepthwiseConv2dNativeBackpropFilter, attributes.filterShape);
  const layout = layoutOf(canonical(info, info.outChannels / info.inChannels)), sizes = [geometryBytes, layout.imageBytes, layout.outputBytes];
  const fill = (target: number): void => withScratch(heap, DepthwiseConv2dNativeBackpropFilter, sizes, (shape, imageScratch, outputScratch) => {
    writeGeometry(heap, shape, layout.geometry);
    kernels.zero(target, info.filterHeight * info.filterWidth * info.outChannels * 4);
    for (let index = 0; index < info.batchSize; index++) {
      const image = readImage(heap, layout, x, index, shape, imageScratch);
      kernels.depthwiseFilterGradientImage(image, readOutput(heap, layout, dy, index, outputScratch), shape, target);
    }
  });
  return output(heap, DepthwiseConv2dNativeBackpropFilter, attributes.filterShape, fill);
};

export const depthwiseInputGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  requireFloat32(DepthwiseConv2dNativeBackpropInput, { dy, filter });
  const info = gradientInfo(DepthwiseConv2dNativeBackpropInput, attributes.inputShape, filter.shape, dy, attributes, true);
  const heap = heapOf(backend);
  if (isEmpty(info)) return zeros(heap, DepthwiseConv2dNativeBackpropInput, attributes.inputShape);
  const layout = layoutOf(canonical(info, info.outChannels / info.inChannels)), sizes = [geometryBytes, layout.imageBytes, layout.outputBytes];
  const fill = (target: number): void => withScratch(heap, DepthwiseConv2dNativeBackpropInput, sizes, (shape, imageScratch, outputScratch) => {
    writeGeometry(heap, shape, layout.geometry);
    for (let index = 0; index < info.batchSize; index++) {
      const gradient = readOutput(heap, layout, dy, index, outputScratch);
      writeImage(heap, layout, target, index, shape, imageScratch, (image) =>
        heap.kernels.depthwiseInputGradientImage(gradient, pointerTo(heap, filter), shape, image));
    }
  });
  return output(heap, DepthwiseConv2dNativeBackpropInput, attributes.inputShape, fill);
};
