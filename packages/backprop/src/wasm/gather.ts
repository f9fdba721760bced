/** GatherV2 on wasm along the first axis: an embedding looks up whole rows. */
import { GatherV2, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from '../errors';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

export const gather: OwnKernel = (args, stock) => {
  const { x, indices } = args.inputs as { x: TensorInfo; indices: TensorInfo };
  const { axis, batchDims } = args.attrs as unknown as { axis: number; batchDims: number };
  const [rows = 0, ...inner] = x.shape;
  if (axis !== 0 || batchDims !== 0 || x.dtype !== 'float32' || indices.dtype !== 'int32') return stock(args);
  const heap = heapOf(args.backend), ids = pointerTo(heap, indices), count = util.sizeFromShape(indices.shape);
  const wrong = new Int32Array(heap.memory.buffer, ids, count).find((id) => id < 0 || id >= rows);
  if (wrong !== undefined) throw rangeError(GatherV2, `indices in [0, ${rows - 1}]`, wrong);
  const bytes = util.sizeFromShape(inner) * 4;
  return output(heap, GatherV2, [...indices.shape, ...inner], (target) => heap.kernels.gatherRows(pointerTo(heap, x), ids, target, count, bytes));
};
