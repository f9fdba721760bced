/** Random cases of products, sums, elementwise and copying kernels. */
import { ends, operand } from './case';
import type { Case } from './case';
import type { Operands } from './kernels';
import type { Draw } from './random';

const batches = [[[], []], [[3], [3]], [[2, 2], [2, 2]], [[1], [3]], [[3], [1]], [[2, 3], [1, 1]]];

export const matMul = (draw: Draw, among = batches): Case => {
  const rows = draw.whole(1, 40), depth = draw.of(draw.whole(1, 40), draw.whole(250, 300)), columns = draw.whole(1, 40);
  const transposeA = draw.next() < 0.5, transposeB = draw.next() < 0.5;
  const [batchA, batchB] = draw.of(...among) as [number[], number[]];
  const a = [...batchA, ...(transposeA ? [depth, rows] : [rows, depth])], b = [...batchB, ...(transposeB ? [columns, depth] : [depth, columns])];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: { transposeA, transposeB } };
};

/** tf.fused.matMul hands over three axes. */
export const fusedMatMul = (draw: Draw): Case => {
  const { operands, attributes } = matMul(draw, batches.filter(([a]) => a!.length === 1));
  const fused = ends(draw, operands.b!.shape.at(attributes.transposeB ? -2 : -1)!);
  return { operands: { ...operands, ...fused.operands }, attributes: { ...attributes, ...fused.attributes } };
};

/** One operand is the end of the other, or lacks axes inside, with leading ones or without; or both repeat. */
export const binary = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 12));
  const from = draw.whole(0, shape.length), ones = shape.map((side, axis) => (axis < from ? 1 : side));
  const inside = shape.map((side, axis) => (axis === from || axis === from + 1 ? 1 : side));
  const deeper = [draw.whole(1, 3), ...shape.slice(1).map(() => 1), shape.at(-1)!];
  const small = draw.of(ones, inside, deeper, shape.slice(from), shape, shape.map((side) => (draw.next() < 0.5 ? 1 : side)));
  const [a, b] = draw.next() < 0.5 ? [shape, small] : [small, shape];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: {} };
};

/** Few different values, so that some are equal. */
export const comparison = (draw: Draw): Case => {
  const { operands, attributes } = binary(draw);
  for (const each of Object.values(operands)) each.values = each.values.map(Math.round);
  return { operands, attributes };
};

export const gather = (draw: Draw): Case => {
  const rows = draw.whole(1, 12), inner = Array.from({ length: draw.whole(0, 2) }, () => draw.whole(1, 9)), axis = draw.of(0, 0, inner.length);
  const shape = Array.from({ length: draw.whole(1, 2) }, () => draw.whole(1, 6)), x = operand(draw, [rows, ...inner]);
  const values = Int32Array.from(draw.values(shape), (value) => Math.floor(((value + 1) / 2) * x.shape[axis]!));
  return { operands: { x, indices: { shape, values } }, attributes: { axis, batchDims: 0 } };
};

export const tile = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, (_, axis) => (axis < 2 && draw.next() < 0.7 ? 1 : draw.whole(1, 9)));
  const reps = shape.map((side) => (side === 1 || draw.next() < 0.2 ? draw.whole(1, 5) : 1));
  return { operands: { x: operand(draw, shape) }, attributes: { reps } };
};

export const batchNormalization = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(2, 4) }, () => draw.whole(1, 9)), channels = [shape.at(-1)!];
  const variance = operand(draw, channels);
  variance.values = variance.values.map(Math.abs);
  return {
    operands: {
      x: operand(draw, shape), mean: operand(draw, channels), variance,
      ...(draw.next() < 0.7 && { offset: operand(draw, channels) }), ...(draw.next() < 0.7 && { scale: operand(draw, channels) }),
    },
    attributes: { varianceEpsilon: 0.01 },
  };
};

export const concat = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 7)), axis = draw.whole(0, shape.length - 1);
  const tensors = Array.from({ length: draw.whole(1, 4) }, (_, index) => [String(index), operand(draw, shape.with(axis, draw.whole(1, 7)))]);
  return { operands: Object.fromEntries(tensors) as Operands, attributes: { axis: draw.of(axis, axis - shape.length) } };
};

export const split = (draw: Draw): Case => {
  const sizes = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 5)), shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 7));
  const axis = draw.whole(0, shape.length - 1);
  return { operands: { x: operand(draw, shape.with(axis, sizes.reduce((sum, size) => sum + size))) }, attributes: { numOrSizeSplits: sizes, axis } };
};

export const reduction = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 17));
  const axis = draw.of<number[]>([0], shape.map((_, index) => index).slice(0, draw.whole(1, shape.length)), [shape.length - 1], shape.map((_, index) => index));
  return { operands: { x: operand(draw, shape) }, attributes: { axis, keepDims: draw.next() < 0.3 } };
};

export const segmentSum = (draw: Draw): Case => {
  const rows = draw.whole(1, 40), numSegments = draw.whole(1, 12);
  const inner = Array.from({ length: draw.whole(0, 2) }, () => draw.whole(1, 9));
  const ids = Int32Array.from({ length: rows }, () => draw.whole(-1, numSegments));
  return { operands: { x: operand(draw, [rows, ...inner]), segmentIds: { shape: [rows], values: ids } }, attributes: { numSegments } };
};

export const cast = (draw: Draw): Case => ({ operands: { x: operand(draw, [draw.whole(1, 9), draw.whole(1, 9)]) }, attributes: { dtype: draw.of('float32', 'int32') } });
