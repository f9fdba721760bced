/** The end of a fused kernel on wasm: bias and clamp, where the values lie. */
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { End } from '../fused';
import type { Heap } from './heap';
import { pointerTo, withScratch } from './heap';

export const biasInPlace = (heap: Heap, kernelName: string, made: TensorInfo, channels: number, { plain, bias, low, high }: End): void => {
  if (plain || channels === 0) return;
  withScratch(heap, kernelName, [channels * 4], (row) => {
    if (!bias) heap.kernels.zero(row, channels * 4);
    else heap.kernels.repeat(pointerTo(heap, bias), bias.shape[0]! * 4, channels / bias.shape[0]!, row);
    heap.kernels.addBias(pointerTo(heap, made), row, util.sizeFromShape(made.shape) / channels, channels, low, high);
  });
};
