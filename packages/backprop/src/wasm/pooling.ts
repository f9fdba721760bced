/** MaxPoolGrad and AvgPoolGrad on wasm. */
import { AvgPoolGrad, MaxPoolGrad } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { areFloat32, poolGradientInfo } from '../geometry';
import type { ConvolutionInfo, PoolAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { inFloat32 } from './float32';
import { geometryBytes, writeGeometry } from './geometry';
import { type Heap, heapOf, output, pointerTo, withScratch } from './heap';

type Run = (
  heap: Heap, info: ConvolutionInfo, input: TensorInfo, dy: TensorInfo, target: number, shape: number,
) => void;

/** A pooling gradient: checked, its geometry written to the heap, and one call of the kernel that `run` names. */
const poolGradient = (kernelName: string, run: Run): OwnKernel => inFloat32((args, stock) => {
  const { dy, input } = args.inputs as { dy: TensorInfo; input: TensorInfo };
  if (!areFloat32(dy, input)) return stock(args);
  const info = poolGradientInfo(kernelName, input.shape, dy, args.attrs as unknown as PoolAttributes);
  const heap = heapOf(args.backend);
  return output(heap, kernelName, input.shape, (target) => withScratch(heap, kernelName, [geometryBytes], (shape) => {
    writeGeometry(heap, shape, canonical(info));
    run(heap, info, input, dy, target, shape);
  }));
}, 'dy', 'input');

export const maxPoolGradient = poolGradient(MaxPoolGrad, (heap, { batchSize }, input, dy, target, shape) => {
  heap.kernels.maxPoolGradient(pointerTo(heap, input), pointerTo(heap, dy), target, shape, batchSize);
});

/** As in tfjs, every input of a window gets 1 / (height × width) of its gradient, also where the border clips the window. */
export const averagePoolGradient = poolGradient(AvgPoolGrad, (heap, { batchSize, filterHeight, filterWidth }, _input, dy, target, shape) => {
  heap.kernels.averagePoolGradient(pointerTo(heap, dy), target, shape, batchSize, 1 / (filterHeight * filterWidth));
});
