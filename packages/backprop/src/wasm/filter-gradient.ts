/** Conv2DBackpropFilter on wasm: patches of the input, transposed, times the output's gradient. */
import { Conv2DBackpropFilter } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { gradientInfo, requireFloat32 } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import { canonical, canonicalSize, geometryBytes, imageSize, inPlace, outputSize, writeGeometry, writeOffsets } from './geometry';
import { heapOf, output, pointerTo, withScratch } from './heap';

/** Pixels that the panels hold: with 288 filter weights and 64 channels they fill about 350 kB, most of a core's second cache. */
const capacity = 256;
/** Filter weights computed in one pass over the images, so that a large filter's panels stay as small. */
const weightsPerPass = 512;

export const convolutionFilterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  requireFloat32(Conv2DBackpropFilter, { x, dy });
  const info = gradientInfo(Conv2DBackpropFilter, x.shape, attributes.filterShape, dy, attributes);
  const heap = heapOf(backend);
  const { kernels } = heap;
  const direct = inPlace(canonical(info));
  const geometry = direct ?? canonical(info);
  const weights = info.filterHeight * info.filterWidth * info.inChannels;
  const quads = Math.ceil(weights / 4);
  const filter = output(heap, Conv2DBackpropFilter, attributes.filterShape);
  const sizes = [
    geometryBytes, quads * 16, Math.min(quads * 4, weightsPerPass) * capacity * 4, Math.ceil(info.outChannels / 8) * 8 * capacity * 4, 128,
    direct ? 0 : canonicalSize(geometry) * 4, geometry.channelsLast ? 0 : outputSize(geometry) * 4,
  ];
  withScratch(heap, Conv2DBackpropFilter, sizes, (shape, offsets, patches, gradients, spill, image, gradient) => {
    writeGeometry(heap, shape!, geometry);
    writeOffsets(heap, offsets!, geometry);
    for (let first = 0; first < weights; first += weightsPerPass) {
      const count = Math.min(weightsPerPass, weights - first);
      const target = pointerTo(heap, filter) + first * info.outChannels * 4;
      let filled = 0, seen = 0;
      for (let index = 0; index < info.batchSize; index++) {
        let from = pointerTo(heap, x) + index * imageSize(geometry) * 4;
        let change = pointerTo(heap, dy) + index * outputSize(geometry) * 4;
        if (!direct) kernels.importImage!(from, from = image!, shape!);
        if (!geometry.channelsLast) kernels.transpose!(change, change = gradient!, info.outChannels, info.outHeight * info.outWidth);
        filled = kernels.filterGradientImage!(
          from, change, shape!, offsets! + first * 4, Math.ceil(count / 4), count, patches!, gradients!, capacity, filled, target, seen >= capacity, spill!,
        );
        seen += info.outHeight * info.outWidth;
      }
      if (filled > 0) kernels.multiplyPanels!(patches!, gradients!, capacity, filled, count, info.outChannels, target, seen > filled, spill!);
    }
  });
  return filter;
};
