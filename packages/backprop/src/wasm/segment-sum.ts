/** UnsortedSegmentSum on wasm: the gradient of an embedding. */
import { UnsortedSegmentSum } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { requireFloat32 } from '../geometry';
import { segmentShapes, wrongIds } from '../segments';
import { inFloat32 } from './float32';
import { heapOf, output, pointerTo, withScratch } from './heap';

/** As tfjs's cpu kernel does, sums of whole numbers or truth values are made in float32. */
export const segmentSum = inFloat32(({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  requireFloat32(UnsortedSegmentSum, { x });
  const shapes = segmentShapes(x, segmentIds, numSegments);
  if (!shapes) throw wrongIds(x, segmentIds);
  const { rows, size, outShape } = shapes;
  const heap = heapOf(backend);
  return output(heap, UnsortedSegmentSum, outShape, (target) =>
    withScratch(heap, UnsortedSegmentSum, [(numSegments + rows) * 4], (scratch) =>
      heap.kernels.segmentSum(
        pointerTo(heap, x),
        pointerTo(heap, segmentIds),
        target,
        rows,
        size,
        numSegments,
        scratch,
      ),
    ),
  );
}, 'x');
