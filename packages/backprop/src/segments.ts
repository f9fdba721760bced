/** What UnsortedSegmentSum is asked for, checked. */
import { UnsortedSegmentSum, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from './errors';
import { requireFloat32 } from './geometry';

export const segmentShapes = (x: TensorInfo, segmentIds: TensorInfo, segments: number): { rows: number; size: number; outShape: number[] } => {
  requireFloat32(UnsortedSegmentSum, { x });
  const [rows = 0, ...inner] = x.shape;
  if (segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1 || segmentIds.shape[0] !== rows) {
    throw rangeError(UnsortedSegmentSum, `int32 segmentIds of shape [${rows}]`, `${segmentIds.dtype} of shape [${segmentIds.shape.join(', ')}]`);
  }
  return { rows, size: util.sizeFromShape(inner), outShape: [segments, ...inner] };
};
