/** Tile on wasm where a tensor repeats as a whole, as the gradient of a mean does; tfjs looks up each value's place. */
import { Tile, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf, output, pointerTo } from './heap';

export const tile: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const { reps } = args.attrs as unknown as { reps: number[] };
  // All repetition lies before the first axis that is longer than one.
  const first = x.shape.findIndex((side) => side !== 1), last = reps.reduce((found, count, axis) => (count === 1 ? found : axis), -1);
  const whole = first < 0 || last <= first;
  if (x.dtype === 'string' || x.dtype === 'complex64' || reps.length !== x.shape.length || !whole) return stock(args);
  const heap = heapOf(args.backend);
  const bytes = util.sizeFromShape(x.shape) * util.bytesPerElement(x.dtype), shape = x.shape.map((side, axis) => side * reps[axis]!);
  return output(heap, Tile, shape, (target) => heap.kernels.repeat(pointerTo(heap, x), bytes, util.sizeFromShape(reps), target), x.dtype);
};
