/** GatherV2 on wasm along the first axis: an embedding looks up whole rows. */
import { GatherV2, backend_util, util } from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { rangeError } from '../errors';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

export const gather: OwnKernel = (args, stock) => {
  const { x, indices } = args.inputs as { x: TensorInfo; indices: TensorInfo };
  const { axis: given, batchDims } = args.attrs as unknown as { axis: number; batchDims: number };
  const axis = util.parseAxisParam(given, x.shape)[0]!;
  const empty = util.sizeFromShape(x.shape) === 0;
  // Of an empty tensor tfjs's forgets the shape.
  const ours =
    (empty || (axis === 0 && batchDims === 0)) &&
    x.dtype !== 'string' &&
    x.dtype !== 'complex64' &&
    indices.dtype === 'int32';
  if (!ours) return stock(args);
  const heap = heapOf(args.backend);
  const ids = pointerTo(heap, indices);
  const count = util.sizeFromShape(indices.shape);
  const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
    x as Tensor,
    indices as Tensor,
    axis,
    batchDims,
  );
  const rows = x.shape[axis]!;
  const wrong = new Int32Array(heap.memory.buffer, ids, count).find((id) => id < 0 || id >= rows);
  if (wrong !== undefined) throw rangeError(GatherV2, `indices in [0, ${rows - 1}]`, wrong);
  const bytes = util.sizeFromShape(x.shape.slice(1)) * util.bytesPerElement(x.dtype);
  const fill = (target: number): void => {
    if (!empty) heap.kernels.gatherRows(pointerTo(heap, x), ids, target, count, bytes);
  };
  return output(heap, GatherV2, outputShape, fill, x.dtype);
};
