/** The end of a fused kernel on wasm: bias and clamp, where the values lie. */
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { End } from '../fused';
import type { Heap } from './heap';
import { pointerTo, withScratch } from './heap';

export const biasInPlace = (heap: Heap, kernelName: string, made: TensorInfo, channels: number, { plain, bias, low, high }: End): void => {
  if (plain || channels === 0) return;
  withScratch(heap, kernelName, [channels * 4], (zeros) => {
    heap.kernels.zero(zeros, channels * 4);
    const added = bias ? pointerTo(heap, bias) : zeros;
    heap.kernels.addBias(pointerTo(heap, made), added, util.sizeFromShape(made.shape) / channels, channels, low, high);
  });
};
