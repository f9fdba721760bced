/** A sum over leading axes, as a matrix whose rows are summed. */
import { backend_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Undefined where tfjs's kernel is asked: other axes, other dtypes, a single result. */
export const leadingRows = (
  x: TensorInfo, { axis, keepDims }: { axis?: number | number[] | null; keepDims?: boolean },
): { rows: number; columns: number; outShape: number[] } | undefined => {
  const axes = util.parseAxisParam(axis ?? x.shape.map((_, index) => index), x.shape);
  const [outShape, reduceShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const rows = util.sizeFromShape(reduceShape), columns = util.sizeFromShape(outShape);
  const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((each, index) => each === index);
  if (x.dtype !== 'float32' || !leading || columns < 2 || rows === 0) return undefined;
  return { rows, columns, outShape: keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape };
};
