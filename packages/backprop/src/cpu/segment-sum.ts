/** UnsortedSegmentSum on cpu in one pass; tfjs makes one pass per segment. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../geometry';
import type { OwnKernel } from '../kernel';
import { segmentShapes } from '../segments';
import { tensorOf, valuesOf } from './backend';

export const segmentSum: OwnKernel = (args, stock) => {
  const { x, segmentIds } = args.inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = args.attrs as unknown as { numSegments: number };
  const shapes = segmentShapes(x, segmentIds, numSegments);
  if (!shapes || !areFloat32(x)) return stock(args);
  const { rows, size, outShape } = shapes;
  const values = valuesOf(args.backend, x);
  const ids = valuesOf(args.backend, segmentIds);
  const sums = new Float64Array(numSegments * size);
  for (let row = 0; row < rows; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    for (let from = row * size, to = id * size; from < (row + 1) * size; from++, to++) sums[to]! += values[from]!;
  }
  return tensorOf(args.backend, outShape, Float32Array.from(sums));
};
