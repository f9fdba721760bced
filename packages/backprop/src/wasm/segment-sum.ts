/** UnsortedSegmentSum on wasm: the gradient of an embedding. */
import { Cast, UnsortedSegmentSum, getKernel } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { segmentShapes, wrongIds } from '../segments';
import { heapOf, output, pointerTo, withScratch } from './heap';

/** As tfjs's cpu kernel does, sums of whole numbers or truth values are made in float32. */
export const segmentSum: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  const shapes = segmentShapes(x, segmentIds, numSegments);
  if (!shapes) throw wrongIds(x, segmentIds);
  const { rows, size, outShape } = shapes, heap = heapOf(backend);
  const values = getKernel(Cast, 'wasm')!.kernelFunc({ inputs: { x }, attrs: { dtype: 'float32' }, backend }) as TensorInfo;
  try {
    return output(heap, UnsortedSegmentSum, outShape, (target) =>
      withScratch(heap, UnsortedSegmentSum, [(numSegments + rows) * 4], (scratch) =>
        heap.kernels.segmentSum(pointerTo(heap, values), pointerTo(heap, segmentIds), target, rows, size, numSegments, scratch)));
  } finally {
    heap.backend.disposeData(values.dataId);
  }
};
