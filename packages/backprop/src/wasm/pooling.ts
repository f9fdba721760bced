/** MaxPoolGrad and AvgPoolGrad on wasm. */
import { AvgPoolGrad, MaxPoolGrad } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { canonical } from '../canonical';
import { poolInfo, requireFloat32 } from '../geometry';
import type { PoolAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { geometryBytes, writeGeometry } from './geometry';
import { heapOf, output, pointerTo, withScratch } from './heap';

export const maxPoolGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  requireFloat32(MaxPoolGrad, { dy, input });
  const info = poolInfo(MaxPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes);
  const heap = heapOf(backend);
  return output(heap, MaxPoolGrad, input.shape, (target) => withScratch(heap, MaxPoolGrad, [geometryBytes], (shape) => {
    writeGeometry(heap, shape, canonical(info));
    heap.kernels.maxPoolGradient(pointerTo(heap, input), pointerTo(heap, dy), target, shape, info.batchSize);
  }));
};

/** As in tfjs, every input of a window gets 1 / (height × width) of its gradient, also where the border clips the window. */
export const averagePoolGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  requireFloat32(AvgPoolGrad, { dy, input });
  const info = poolInfo(AvgPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes);
  const heap = heapOf(backend);
  return output(heap, AvgPoolGrad, input.shape, (target) => withScratch(heap, AvgPoolGrad, [geometryBytes], (shape) => {
    writeGeometry(heap, shape, canonical(info));
    heap.kernels.averagePoolGradient(pointerTo(heap, dy), target, shape, info.batchSize, 1 / (info.filterHeight * info.filterWidth));
  }));
};
