/** UnsortedSegmentSum on cpu in one pass; tfjs makes one pass per segment. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { segmentShapes } from '../segments';
import { tensorOf, valuesOf } from './backend';

export const segmentSum: OwnKernel = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  const { rows, size, outShape } = segmentShapes(x, segmentIds, numSegments);
  const values = valuesOf(backend, x), ids = valuesOf(backend, segmentIds), made = new Float32Array(numSegments * size);
  for (let row = 0; row < rows; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    for (let from = row * size, to = id * size; from < (row + 1) * size; from++, to++) made[to]! += values[from]!;
  }
  return tensorOf(backend, outShape, made);
};
