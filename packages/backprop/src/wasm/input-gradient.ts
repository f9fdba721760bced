/** Conv2DBackpropInput on wasm: the output's gradient times the filter, transposed, added where each patch lies. */
import { Conv2DBackpropInput } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { areFloat32, gradientInfo, isEmpty, isPointwise } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import { inFloat32 } from './float32';
import { geometryBytes, writeGeometry } from './geometry';
import { heapOf, output, pointerTo, withScratch, zeros } from './heap';
import { layoutOf, readOutput, writeImage } from './images';
import { panelBytes, product, spillBytes } from './product';

/** Output pixels whose patches' gradients are computed together; that of assembly/convolution.ts. */
const blockPixels = 64;

export const convolutionInputGradient = inFloat32((args, stock) => {
  const { inputs, backend, attrs } = args;
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  if (!areFloat32(dy, filter)) return stock(args);
  const info = gradientInfo(Conv2DBackpropInput, attributes.inputShape, filter.shape, dy, attributes);
  const heap = heapOf(backend);
  const { inChannels, outChannels } = info;
  if (isEmpty(info)) return zeros(heap, Conv2DBackpropInput, attributes.inputShape);
  if (isPointwise(info)) {
    return output(heap, Conv2DBackpropInput, attributes.inputShape, (target) => product(heap, Conv2DBackpropInput, {
      left: pointerTo(heap, dy), leftRow: outChannels * 4, leftDepth: 4, right: pointerTo(heap, filter), rightDepth: 4, rightColumn: outChannels * 4,
      target, rows: info.batchSize * info.outHeight * info.outWidth, depth: outChannels, columns: inChannels,
    }));
  }
  const layout = layoutOf(canonical(info));
  const weights = info.filterHeight * info.filterWidth * inChannels;
  const sizes = [
    geometryBytes, panelBytes(weights, outChannels), blockPixels * weights * 4, spillBytes, layout.imageBytes, layout.outputBytes,
  ];
  const fill = (target: number): void => withScratch(heap, Conv2DBackpropInput, sizes, (shape, panels, patches, spill, imageScratch, outputScratch) => {
    writeGeometry(heap, shape, layout.geometry);
    heap.kernels.packRight(pointerTo(heap, filter), 4, outChannels * 4, outChannels, weights, panels, outChannels, 0);
    for (let index = 0; index < info.batchSize; index++) {
      const gradient = readOutput(heap, layout, dy, index, outputScratch);
      writeImage(heap, layout, target, index, shape, imageScratch, (image) =>
        heap.kernels.inputGradientImage(gradient, panels, shape, image, patches, spill));
    }
  });
  return output(heap, Conv2DBackpropInput, attributes.inputShape, fill);
});
