/** What UnsortedSegmentSum is asked for, checked. */
import { UnsortedSegmentSum, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from './errors';

export interface SegmentShapes {
  readonly rows: number;
  readonly size: number;
  readonly outShape: number[];
}

/** Undefined where each row does not have an id of its own: tfjs's cpu kernel lets ids and rows broadcast. */
export const segmentShapes = (x: TensorInfo, segmentIds: TensorInfo, segments: number): SegmentShapes | undefined => {
  if (!Number.isInteger(segments) || segments < 0) {
    throw rangeError(UnsortedSegmentSum, 'a whole number of segments >= 0', segments);
  }
  const [rows = 1, ...inner] = x.shape;
  const [ids] = segmentIds.shape;
  const own = x.shape.length > 0 && segmentIds.dtype === 'int32' && segmentIds.shape.length === 1;
  if (own && ids === rows) return { rows, size: util.sizeFromShape(inner), outShape: [segments, ...inner] };
  if (own && ids !== 1 && rows !== 1) throw wrongIds(x, segmentIds);
  return undefined;
};

export const wrongIds = ({ shape: [rows = 1] }: TensorInfo, { dtype, shape }: TensorInfo): RangeError =>
  rangeError(UnsortedSegmentSum, `int32 segmentIds of shape [${rows}]`, `${dtype} of shape [${shape.join(', ')}]`);
