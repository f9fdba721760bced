/** FusedBatchNorm on wasm: three operations a value; tfjs works out each value's channel and takes a root for it. */
import { FusedBatchNorm, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { inFloat32 } from './float32';
import { heapOf, output, pointerTo, withScratch } from './heap';

export const batchNormalization = inFloat32((args, stock) => {
  const { x, mean, variance, offset, scale } = args.inputs as Record<string, TensorInfo | null | undefined>;
  const columns = x!.shape.at(-1)!, perChannel = [mean, variance, offset, scale].filter((each) => each !== null && each !== undefined);
  const ours = x!.dtype === 'float32' && perChannel.every(({ shape, dtype }) => dtype === 'float32' && shape.length === 1 && shape[0] === columns);
  if (!ours || columns === 0) return stock(args);
  const heap = heapOf(args.backend), { varianceEpsilon } = args.attrs as unknown as { varianceEpsilon: number };
  const optional = (tensor: TensorInfo | null | undefined): number => (tensor ? pointerTo(heap, tensor) : 0);
  const rows = util.sizeFromShape(x!.shape) / columns;
  const fill = (target: number): void => withScratch(heap, FusedBatchNorm, [Math.ceil(columns / 4) * 48], (constants) => {
    heap.kernels.normalize(
      pointerTo(heap, x!), pointerTo(heap, mean!), pointerTo(heap, variance!), optional(scale), optional(offset),
      varianceEpsilon, rows, columns, constants, target,
    );
  });
  return output(heap, FusedBatchNorm, x!.shape, fill);
});
