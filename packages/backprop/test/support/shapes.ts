/** Random cases for each kernel: inputs and attributes as tfjs hands them over. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { Attributes, Operands } from './kernels';
import type { Draw } from './random';

export interface Case {
  operands: Operands;
  attributes: Attributes;
}

type Size4 = [number, number, number, number];
/** Multiply-adds of one case at most: tfjs's cpu kernels, the reference, do about five million a second. */
const largestWork = 120_000;

interface Draft {
  imageShape: Size4;
  filterShape: Size4;
  attributes: { strides: [number, number]; pad: 'valid' | 'same' | number | backend_util.ExplicitPadding; dataFormat: 'NHWC' | 'NCHW'; dimRoundingMode?: 'floor' | 'round' | 'ceil'; dilations: [number, number] };
  outShape: Size4;
}

/** Draws until the shape is possible and cheap enough. */
const draft = (draw: Draw, { depthwise = false, pool = false, dilate = false, layouts = true }): Draft => {
  for (;;) {
    const batch = draw.whole(1, 8), height = draw.whole(1, 17), width = draw.whole(1, 17);
    const channels = draw.of(1, 2, 3, 4, 7, 8, 12, 16, 17, draw.whole(1, 33)), outputs = draw.of(1, 3, 4, 8, 9, 16, draw.whole(1, 33));
    const filterHeight = draw.whole(1, 7), filterWidth = draw.of(filterHeight, draw.whole(1, 7));
    const dataFormat = layouts && !depthwise && !pool && draw.next() < 0.3 ? 'NCHW' : 'NHWC';
    const explicit = (): backend_util.ExplicitPadding => {
      const rows: [number, number] = [draw.whole(0, 3), draw.whole(0, 3)], columns: [number, number] = [draw.whole(0, 3), draw.whole(0, 3)];
      return dataFormat === 'NHWC' ? [[0, 0], rows, columns, [0, 0]] : [[0, 0], [0, 0], rows, columns];
    };
    const pad = draw.of<Draft['attributes']['pad']>('valid', 'same', draw.whole(0, 3), explicit());
    const dilations: [number, number] = dilate && draw.next() < 0.3 ? [draw.whole(1, 2), draw.whole(1, 3)] : [1, 1];
    const strides: [number, number] = dilations.every((each) => each === 1) ? [draw.whole(1, 3), draw.whole(1, 3)] : [1, 1];
    const dimRoundingMode = typeof pad === 'string' ? undefined : draw.of('floor' as const, 'round' as const, 'ceil' as const);
    const imageShape: Size4 = dataFormat === 'NHWC' ? [batch, height, width, channels] : [batch, channels, height, width];
    const filterShape: Size4 = [filterHeight, filterWidth, channels, depthwise ? draw.of(1, 1, 2, 3) : outputs];
    const layout = backend_util.convertConv2DDataFormat(dataFormat);
    const info = pool
      ? backend_util.computePool2DInfo(imageShape, [filterHeight, filterWidth], strides, 1, pad, dimRoundingMode)
      : backend_util.computeConv2DInfo(imageShape, filterShape, strides, dilations, pad, dimRoundingMode, depthwise, layout);
    // A window that lies in the padding alone has no largest input and no average.
    const last = (out: number, stride: number, before: number, filter: number, size: number): boolean => (out - 1) * stride - before < size && before < filter;
    const everyWindowMeetsTheImage = last(info.outHeight, strides[0], info.padInfo.top, filterHeight, height) && last(info.outWidth, strides[1], info.padInfo.left, filterWidth, width);
    const work = batch * info.outHeight * info.outWidth * filterHeight * filterWidth * channels * (pool || depthwise ? 1 : outputs);
    if (info.outHeight > 0 && info.outWidth > 0 && work <= largestWork && (!pool || everyWindowMeetsTheImage)) {
      return { imageShape, filterShape, attributes: { strides, pad, dataFormat, dilations, ...(dimRoundingMode && { dimRoundingMode }) }, outShape: info.outShape as Size4 };
    }
  }
};

const operand = (draw: Draw, shape: number[]): { shape: number[]; values: Float32Array } => ({ shape, values: draw.values(shape) });

const convolution = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes } = draft(draw, { depthwise, dilate: true });
  return { operands: { x: operand(draw, imageShape), filter: operand(draw, filterShape) }, attributes };
};

const channelsOf = (filter: number[], depthwise: boolean): number => (depthwise ? filter[2]! * filter[3]! : filter[3]!);

/** Bias and activation of a fused kernel. */
const ends = (draw: Draw, channels: number): Case => {
  const activation = draw.of('linear', 'relu', 'relu6', 'sigmoid', 'elu', 'leakyrelu', 'prelu');
  return {
    operands: {
      ...(draw.next() < 0.7 && { bias: operand(draw, [channels]) }),
      ...(activation === 'prelu' && { preluActivationWeights: operand(draw, [channels]) }),
    },
    attributes: { activation, ...(activation === 'leakyrelu' && { leakyreluAlpha: 0.3 }) },
  };
};

const fusedConvolution = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes } = draft(draw, { depthwise, layouts: false });
  const fused = ends(draw, channelsOf(filterShape, depthwise));
  return {
    operands: { x: operand(draw, imageShape), filter: operand(draw, filterShape), ...fused.operands },
    attributes: { ...attributes, ...fused.attributes },
  };
};

const filterGradient = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes, outShape } = draft(draw, { depthwise });
  return { operands: { x: operand(draw, imageShape), dy: operand(draw, outShape) }, attributes: { ...attributes, filterShape } };
};

const inputGradient = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes, outShape } = draft(draw, { depthwise });
  return { operands: { dy: operand(draw, outShape), filter: operand(draw, filterShape) }, attributes: { ...attributes, inputShape: imageShape } };
};

const poolAttributes = ({ filterShape, attributes: { strides, pad, dimRoundingMode } }: Draft): Attributes =>
  ({ filterSize: filterShape.slice(0, 2), strides, pad, ...(dimRoundingMode && { dimRoundingMode }) });

const pool = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  return { operands: { x: operand(draw, drawn.imageShape) }, attributes: poolAttributes(drawn) };
};

/** A third of the images have few different values, so that windows have ties. */
const maxPoolGradient = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  const input = operand(draw, drawn.imageShape);
  if (draw.next() < 0.33) input.values = input.values.map((value) => Math.round(value * 2) / 2);
  return { operands: { dy: operand(draw, drawn.outShape), input, output: operand(draw, drawn.outShape) }, attributes: poolAttributes(drawn) };
};

const averagePoolGradient = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  const { filterSize, strides } = poolAttributes(drawn);
  const info = backend_util.computePool2DInfo(drawn.imageShape, filterSize as [number, number], strides as [number, number], 1, drawn.attributes.pad);
  return { operands: { dy: operand(draw, info.outShape), input: operand(draw, drawn.imageShape) }, attributes: { filterSize, strides, pad: drawn.attributes.pad } };
};

const matMul = (draw: Draw): Case => {
  const rows = draw.whole(1, 40), depth = draw.of(draw.whole(1, 40), draw.whole(250, 300)), columns = draw.whole(1, 40);
  const transposeA = draw.next() < 0.5, transposeB = draw.next() < 0.5;
  const [batchA, batchB] = draw.of([[], []], [[3], [3]], [[2, 2], [2, 2]], [[1], [3]], [[3], [1]], [[2, 3], [1, 1]]) as [number[], number[]];
  const a = [...batchA, ...(transposeA ? [depth, rows] : [rows, depth])], b = [...batchB, ...(transposeB ? [columns, depth] : [depth, columns])];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: { transposeA, transposeB } };
};

const fusedMatMul = (draw: Draw): Case => {
  const { operands, attributes } = matMul(draw);
  const fused = ends(draw, operands.b!.shape.at(attributes.transposeB ? -2 : -1)!);
  return { operands: { ...operands, ...fused.operands }, attributes: { ...attributes, ...fused.attributes } };
};

/** One operand is the end of the other, with leading ones or without; or both have ones anywhere. */
const binary = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 12));
  const from = draw.whole(0, shape.length), ones = shape.map((side, axis) => (axis < from ? 1 : side));
  const small = draw.of(ones, shape.slice(from), shape, shape.map((side) => (draw.next() < 0.5 ? 1 : side)));
  const [a, b] = draw.next() < 0.5 ? [shape, small] : [small, shape];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: {} };
};

const tile = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, (_, axis) => (axis < 2 && draw.next() < 0.7 ? 1 : draw.whole(1, 9)));
  const reps = shape.map((side) => (side === 1 || draw.next() < 0.2 ? draw.whole(1, 5) : 1));
  return { operands: { x: operand(draw, shape) }, attributes: { reps } };
};

const batchNormalization = (draw: Draw): Case => {
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

const concat = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 7)), axis = draw.whole(0, shape.length - 1);
  const tensors = Array.from({ length: draw.whole(1, 4) }, (_, index) => [String(index), operand(draw, shape.with(axis, draw.whole(1, 7)))]);
  return { operands: Object.fromEntries(tensors) as Operands, attributes: { axis: draw.of(axis, axis - shape.length) } };
};

const split = (draw: Draw): Case => {
  const sizes = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 5)), shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 7));
  const axis = draw.whole(0, shape.length - 1);
  return { operands: { x: operand(draw, shape.with(axis, sizes.reduce((sum, size) => sum + size))) }, attributes: { numOrSizeSplits: sizes, axis } };
};

const reduction = (draw: Draw): Case => {
  const shape = Array.from({ length: draw.whole(1, 4) }, () => draw.whole(1, 17));
  const axis = draw.of<number[]>([0], shape.map((_, index) => index).slice(0, draw.whole(1, shape.length)), [shape.length - 1], shape.map((_, index) => index));
  return { operands: { x: operand(draw, shape) }, attributes: { axis, keepDims: draw.next() < 0.3 } };
};

const segmentSum = (draw: Draw): Case => {
  const rows = draw.whole(1, 40), numSegments = draw.whole(1, 12);
  const inner = Array.from({ length: draw.whole(0, 2) }, () => draw.whole(1, 9));
  const ids = Int32Array.from({ length: rows }, () => draw.whole(-1, numSegments));
  return { operands: { x: operand(draw, [rows, ...inner]), segmentIds: { shape: [rows], values: ids } }, attributes: { numSegments } };
};

const cast = (draw: Draw): Case => ({ operands: { x: operand(draw, [draw.whole(1, 9), draw.whole(1, 9)]) }, attributes: { dtype: draw.of('float32', 'int32') } });

/** How to draw a case, by kernel name. */
export const cases: Readonly<Record<string, (draw: Draw) => Case>> = {
  Conv2D: convolution(false),
  FusedConv2D: fusedConvolution(false),
  Conv2DBackpropFilter: filterGradient(false),
  Conv2DBackpropInput: inputGradient(false),
  DepthwiseConv2dNative: convolution(true),
  FusedDepthwiseConv2D: fusedConvolution(true),
  DepthwiseConv2dNativeBackpropFilter: filterGradient(true),
  DepthwiseConv2dNativeBackpropInput: inputGradient(true),
  MaxPool: pool,
  AvgPool: pool,
  MaxPoolGrad: maxPoolGradient,
  AvgPoolGrad: averagePoolGradient,
  BatchMatMul: matMul,
  _FusedMatMul: fusedMatMul,
  Add: binary,
  Sub: binary,
  Multiply: binary,
  FusedBatchNorm: batchNormalization,
  Tile: tile,
  Concat: concat,
  SplitV: split,
  Sum: reduction,
  Mean: reduction,
  UnsortedSegmentSum: segmentSum,
  Identity: cast,
  Cast: cast,
};
