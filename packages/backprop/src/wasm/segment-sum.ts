/** UnsortedSegmentSum on wasm: the gradient of an embedding. */
import { UnsortedSegmentSum } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { segmentShapes } from '../segments';
import { heapOf, output, pointerTo } from './heap';

export const segmentSum: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  const { rows, size, outShape } = segmentShapes(x, segmentIds, numSegments);
  const heap = heapOf(backend);
  return output(heap, UnsortedSegmentSum, outShape, (target) =>
    heap.kernels.segmentSum(pointerTo(heap, x), pointerTo(heap, segmentIds), target, rows, size, numSegments));
};
