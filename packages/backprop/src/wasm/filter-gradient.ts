/** Conv2DBackpropFilter on wasm: patches of the input, transposed, times the output's gradient. */
import { Conv2DBackpropFilter } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { gradientInfo, isEmpty, isPointwise, requireFloat32 } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { geometryBytes, writeGeometry, writeOffsets } from './geometry';
import { heapOf, output, pointerTo, withScratch, zeros } from './heap';
import { layoutOf, readImage, readOutput } from './images';
import { panelBytes, product, spillBytes } from './product';

/** Pixels that the panels hold: with 288 filter weights they fill 150 kB, well within a core's second cache. */
const capacity = 128;
/** Filter weights computed in one walk over the images, so that a large filter's panels stay as small. */
const weightsPerWalk = 512;

export const convolutionFilterGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  requireFloat32(Conv2DBackpropFilter, { x, dy });
  const info = gradientInfo(Conv2DBackpropFilter, x.shape, attributes.filterShape, dy, attributes);
  const heap = heapOf(backend);
  const { kernels } = heap;
  const { inChannels, outChannels } = info;
  const pixels = info.batchSize * info.outHeight * info.outWidth, weights = info.filterHeight * info.filterWidth * inChannels;
  if (isEmpty(info)) return zeros(heap, Conv2DBackpropFilter, attributes.filterShape);
  if (isPointwise(info)) {
    return output(heap, Conv2DBackpropFilter, attributes.filterShape, (target) => product(heap, Conv2DBackpropFilter, {
      left: pointerTo(heap, x), leftRow: 4, leftDepth: inChannels * 4, right: pointerTo(heap, dy), rightDepth: outChannels * 4, rightColumn: 4,
      target, rows: weights, depth: pixels, columns: outChannels,
    }));
  }
  const layout = layoutOf(canonical(info));
  const sizes = [
    geometryBytes, Math.ceil(weights / 4) * 16, Math.ceil(Math.min(weights, weightsPerWalk) / 4) * 16 * capacity,
    panelBytes(8, capacity), spillBytes, layout.imageBytes, layout.outputBytes,
  ];
  const fill = (filter: number): void => withScratch(heap, Conv2DBackpropFilter, sizes, (...pointers) => {
    const [shape, offsets, patches, tail, spill, imageScratch, outputScratch] = pointers as [number, number, number, number, number, number, number];
    writeGeometry(heap, shape, layout.geometry);
    writeOffsets(heap, offsets, layout.geometry);
    const perImage = info.outHeight * info.outWidth;
    for (let first = 0; first < weights; first += weightsPerWalk) {
      const count = Math.min(weightsPerWalk, weights - first), target = filter + first * outChannels * 4;
      let filled = 0, add = 0;
      for (let index = 0; index < info.batchSize; index++) {
        const image = readImage(heap, layout, x, index, shape, imageScratch), gradient = readOutput(heap, layout, dy, index, outputScratch);
        const before = filled + perImage;
        filled = kernels.filterGradientImage(image, gradient, shape, offsets + first * 4, count, patches, tail, capacity, filled, target, add, spill);
        if (before > filled) add = 1;
        // Gradients that were copied out of a channels-first tensor are overwritten by those of the next image.
        if (filled > 0 && (index === info.batchSize - 1 || !layout.geometry.channelsLast)) {
          const held = gradient + (perImage - filled) * outChannels * 4;
          kernels.multiplyPatches(patches, held, tail, capacity, filled, count, outChannels, target, add, spill);
          filled = 0;
          add = 1;
        }
      }
    }
  });
  return output(heap, Conv2DBackpropFilter, attributes.filterShape, fill);
};
