/** UnsortedSegmentSum on wasm: the gradient of an embedding. */
import { UnsortedSegmentSum, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from '../errors';
import { requireFloat32 } from '../geometry';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

export const segmentSum: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  requireFloat32(UnsortedSegmentSum, { x });
  if (segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
    const got = `${segmentIds.dtype} of shape [${segmentIds.shape.join(', ')}]`;
    throw rangeError(UnsortedSegmentSum, `int32 segmentIds of shape [${x.shape[0] ?? ''}]`, got);
  }
  const [rows = 0, ...inner] = x.shape;
  const heap = heapOf(backend);
  const made = output(heap, UnsortedSegmentSum, [numSegments, ...inner]);
  heap.kernels.segmentSum(pointerTo(heap, x), pointerTo(heap, segmentIds), pointerTo(heap, made), rows, util.sizeFromShape(inner), numSegments);
  return made;
};
