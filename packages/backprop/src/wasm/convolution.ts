/** Conv2D and FusedConv2D on wasm: patches of the input, read where they lie, times the packed filter. Faster than XNNPACK's; NCHW works, too. */
import { Conv2D, FusedConv2D } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { areFloat32, convolutionInfo, isEmpty, isPointwise } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import { fusedEnd } from '../fused';
import { biasInPlace } from './bias';
import { inFloat32 } from './float32';
import { geometryBytes, runsOf, writeGaps, writeGeometry } from './geometry';
import { heapOf, output, pointerTo, withScratch, zeros } from './heap';
import { layoutOf, readImage, writeOutput } from './images';
import { panelBytes, product, spillBytes } from './product';

/** Output pixels that are worked on together; that of assembly/convolution.ts. */
const blockPixels = 64;

export const convolution = inFloat32((args, stock) => {
  const { x, filter } = args.inputs as { x: TensorInfo; filter: TensorInfo };
  const info = convolutionInfo(Conv2D, x.shape, filter.shape, args.attrs as unknown as ConvolutionAttributes);
  if (!areFloat32(x, filter)) return stock(args);
  const heap = heapOf(args.backend);
  const { inChannels, outChannels } = info;
  if (isEmpty(info)) return zeros(heap, Conv2D, info.outShape);
  if (isPointwise(info)) {
    return output(heap, Conv2D, info.outShape, (target) => product(heap, Conv2D, {
      left: pointerTo(heap, x), leftRow: inChannels * 4, leftDepth: 4, right: pointerTo(heap, filter), rightDepth: outChannels * 4, rightColumn: 4,
      target, rows: info.batchSize * info.outHeight * info.outWidth, depth: inChannels, columns: outChannels,
    }));
  }
  const layout = layoutOf(canonical(info));
  const weights = info.filterHeight * info.filterWidth * inChannels;
  const { runs, length } = runsOf(layout.geometry);
  const sizes = [geometryBytes, panelBytes(outChannels, weights), runs * 4, blockPixels * 4, spillBytes, layout.imageBytes, layout.outputBytes];
  const fill = (target: number): void => withScratch(heap, Conv2D, sizes, (shape, panels, gaps, pointers, spill, imageScratch, outputScratch) => {
    writeGeometry(heap, shape, layout.geometry);
    writeGaps(heap, gaps, layout.geometry);
    heap.kernels.packRight(pointerTo(heap, filter), outChannels * 4, 4, weights, outChannels, panels, weights, 0);
    for (let index = 0; index < info.batchSize; index++) {
      const image = readImage(heap, layout, x, index, shape, imageScratch);
      writeOutput(heap, layout, target, index, outputScratch, (out) =>
        heap.kernels.convolveImage(image, panels, shape, runs, length, gaps, out, pointers, spill));
    }
  });
  return output(heap, Conv2D, info.outShape, fill);
});

/** tfjs's ignores sigmoid and elu here; ours runs their kernels. */
export const fusedConvolution = inFloat32((args, stock) => {
  const { x, filter } = args.inputs as { x: TensorInfo; filter: TensorInfo };
  const attributes = args.attrs as unknown as ConvolutionAttributes;
  const { outChannels } = convolutionInfo(FusedConv2D, x.shape, filter.shape, attributes);
  const end = fusedEnd(args, 'wasm', outChannels);
  if (!end || !areFloat32(x, filter)) return stock(args);
  const made = convolution(args, stock) as TensorInfo;
  biasInPlace(heapOf(args.backend), FusedConv2D, made, outChannels, end);
  return end.activate(made);
});
