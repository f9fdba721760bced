/** Random cases in which some size is zero: a batch, a side, channels, a filter, rows, repetitions. */
import { backend_util } from '@tensorflow/tfjs-core';
import { ends, operand } from './case';
import type { Case } from './case';
import type { Operands } from './kernels';
import type { Draw } from './random';

type Size4 = [number, number, number, number];

/** A size that is zero now and then. */
const side = (draw: Draw, largest: number): number => (draw.next() < 0.25 ? 0 : draw.whole(1, largest));
const sides = (draw: Draw, fewest: number, most: number): number[] =>
  Array.from({ length: draw.whole(fewest, most) }, () => side(draw, 4));

interface Shapes {
  image: Size4;
  filter: Size4;
  out: Size4;
  attributes: { strides: [number, number]; pad: 'same' | 'valid' | number; dataFormat: 'NHWC' | 'NCHW' };
}

/** Shapes of a convolution, or of a pooling, whose output has no negative size. */
const shapes = (draw: Draw, kind: 'convolution' | 'depthwise' | 'pool', layouts = true): Shapes => {
  for (;;) {
    const dataFormat = kind === 'convolution' && layouts && draw.next() < 0.4 ? 'NCHW' : 'NHWC';
    const batch = side(draw, 2);
    const height = side(draw, 6);
    const width = side(draw, 6);
    const channels = side(draw, 5);
    const outputs = side(draw, 9);
    const image: Size4 = dataFormat === 'NHWC' ? [batch, height, width, channels] : [batch, channels, height, width];
    const largest = (): number => (kind === 'pool' ? draw.whole(1, 7) : side(draw, 7));
    const filter: Size4 = [largest(), largest(), channels, outputs];
    const strides: [number, number] = [draw.whole(1, 3), draw.whole(1, 3)];
    const pad = draw.of<'same' | 'valid' | number>('same', 'valid', draw.whole(0, 2));
    const rounding = typeof pad === 'number' ? ('floor' as const) : undefined;
    const layout = backend_util.convertConv2DDataFormat(dataFormat);
    const info =
      kind === 'pool'
        ? backend_util.computePool2DInfo(image, [filter[0], filter[1]], strides, 1, pad, rounding)
        : backend_util.computeConv2DInfo(image, filter, strides, 1, pad, rounding, kind === 'depthwise', layout);
    if (info.outHeight < 0 || info.outWidth < 0) continue;
    return { image, filter, out: info.outShape as Size4, attributes: { strides, pad, dataFormat } };
  }
};

const convolution =
  (kind: 'convolution' | 'depthwise') =>
  (draw: Draw): Case => {
    const { image, filter, attributes } = shapes(draw, kind);
    return {
      operands: { x: operand(draw, image), filter: operand(draw, filter) },
      attributes: { ...attributes, dilations: 1 },
    };
  };

const fused =
  (kind: 'convolution' | 'depthwise') =>
  (draw: Draw): Case => {
    const { image, filter, out, attributes } = shapes(draw, kind, false);
    const end = ends(draw, out[3]);
    return {
      operands: { x: operand(draw, image), filter: operand(draw, filter), ...end.operands },
      attributes: { ...attributes, dilations: 1, ...end.attributes },
    };
  };

const filterGradient =
  (kind: 'convolution' | 'depthwise') =>
  (draw: Draw): Case => {
    const { image, filter, out, attributes } = shapes(draw, kind);
    return {
      operands: { x: operand(draw, image), dy: operand(draw, out) },
      attributes: { ...attributes, dilations: 1, filterShape: filter },
    };
  };

const inputGradient =
  (kind: 'convolution' | 'depthwise') =>
  (draw: Draw): Case => {
    const { image, filter, out, attributes } = shapes(draw, kind);
    return {
      operands: { dy: operand(draw, out), filter: operand(draw, filter) },
      attributes: { ...attributes, dilations: 1, inputShape: image },
    };
  };

const pool = (draw: Draw): Case => {
  const {
    image,
    filter,
    attributes: { strides, pad },
  } = shapes(draw, 'pool');
  return { operands: { x: operand(draw, image) }, attributes: { filterSize: [filter[0], filter[1]], strides, pad } };
};

const poolGradient = (draw: Draw): Case => {
  const {
    image,
    filter,
    out,
    attributes: { strides, pad },
  } = shapes(draw, 'pool');
  return {
    operands: { dy: operand(draw, out), input: operand(draw, image), output: operand(draw, out) },
    attributes: { filterSize: [filter[0], filter[1]], strides, pad },
  };
};

const matMul = (
  draw: Draw,
  batches = [
    [[], []],
    [[0], [0]],
    [[2], [2]],
    [[1], [2]],
  ],
): Case => {
  const rows = side(draw, 12);
  const depth = side(draw, 9);
  const columns = side(draw, 9);
  const transposeA = draw.next() < 0.5;
  const transposeB = draw.next() < 0.5;
  const [batchA, batchB] = draw.of(...batches) as [number[], number[]];
  const a = [...batchA, ...(transposeA ? [depth, rows] : [rows, depth])];
  const b = [...batchB, ...(transposeB ? [columns, depth] : [depth, columns])];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: { transposeA, transposeB } };
};

const fusedMatMul = (draw: Draw): Case => {
  const { operands, attributes } = matMul(draw, [
    [[1], [1]],
    [[0], [0]],
    [[2], [2]],
  ]);
  const end = ends(draw, operands.b!.shape.at(attributes.transposeB ? -2 : -1)!);
  return { operands: { ...operands, ...end.operands }, attributes: { ...attributes, ...end.attributes } };
};

const binary = (draw: Draw): Case => {
  const shape = sides(draw, 1, 4);
  const small = draw.of(
    shape,
    shape.slice(1),
    shape.map((each) => (draw.next() < 0.4 ? 1 : each)),
  );
  const [a, b] = draw.next() < 0.5 ? [shape, small] : [small, shape];
  return { operands: { a: operand(draw, a), b: operand(draw, b) }, attributes: {} };
};

const gather = (draw: Draw): Case => {
  const shape = sides(draw, 1, 3);
  const axis = draw.whole(-shape.length, shape.length - 1);
  const choices = shape.at(axis)!;
  const indices = choices === 0 ? [0] : sides(draw, 0, 2);
  const { values } = operand(draw, indices);
  const whole = Int32Array.from(values, (value) => Math.floor(((value + 1) / 2) * choices));
  return {
    operands: { x: operand(draw, shape), indices: { shape: indices, values: whole } },
    attributes: { axis, batchDims: 0 },
  };
};

const tile = (draw: Draw): Case => {
  const shape = sides(draw, 1, 4);
  return { operands: { x: operand(draw, shape) }, attributes: { reps: shape.map(() => side(draw, 3)) } };
};

const batchNormalization = (draw: Draw): Case => {
  const shape = sides(draw, 2, 4);
  const channels = [shape.at(-1)!];
  const variance = operand(draw, channels);
  variance.values = variance.values.map(Math.abs);
  return {
    operands: { x: operand(draw, shape), mean: operand(draw, channels), variance, offset: operand(draw, channels) },
    attributes: { varianceEpsilon: 0.01 },
  };
};

const concat = (draw: Draw): Case => {
  const shape = sides(draw, 1, 4);
  const axis = draw.whole(0, shape.length - 1);
  const tensors = Array.from({ length: draw.whole(1, 4) }, (_, index) => [
    String(index),
    operand(draw, shape.with(axis, side(draw, 4))),
  ]);
  return { operands: Object.fromEntries(tensors) as Operands, attributes: { axis } };
};

const split = (draw: Draw): Case => {
  const sizes = Array.from({ length: draw.whole(1, 4) }, () => side(draw, 3));
  const shape = sides(draw, 1, 4);
  const axis = draw.whole(0, shape.length - 1);
  return {
    operands: {
      x: operand(
        draw,
        shape.with(
          axis,
          sizes.reduce((sum, size) => sum + size),
        ),
      ),
    },
    attributes: { numOrSizeSplits: sizes, axis },
  };
};

const reduction = (draw: Draw): Case => {
  const shape = sides(draw, 1, 4);
  const all = shape.map((_, index) => index);
  return {
    operands: { x: operand(draw, shape) },
    attributes: {
      axis: draw.of([0], all.slice(0, draw.whole(1, all.length)), [all.length - 1], all),
      keepDims: draw.next() < 0.3,
    },
  };
};

const segmentSum = (draw: Draw): Case => {
  const [rows = 0, ...inner] = sides(draw, 1, 3);
  const numSegments = draw.whole(1, 5);
  const ids = Int32Array.from({ length: rows }, () => draw.whole(-1, numSegments));
  return {
    operands: { x: operand(draw, [rows, ...inner]), segmentIds: { shape: [rows], values: ids } },
    attributes: { numSegments },
  };
};

const cast = (draw: Draw): Case => ({
  operands: { x: operand(draw, sides(draw, 0, 3)) },
  attributes: { dtype: draw.of('float32', 'int32') },
});

export const empties: Readonly<Record<string, (draw: Draw) => Case>> = {
  Conv2D: convolution('convolution'),
  FusedConv2D: fused('convolution'),
  Conv2DBackpropFilter: filterGradient('convolution'),
  Conv2DBackpropInput: inputGradient('convolution'),
  DepthwiseConv2dNative: convolution('depthwise'),
  FusedDepthwiseConv2D: fused('depthwise'),
  DepthwiseConv2dNativeBackpropFilter: filterGradient('depthwise'),
  DepthwiseConv2dNativeBackpropInput: inputGradient('depthwise'),
  MaxPool: pool,
  AvgPool: pool,
  MaxPoolGrad: poolGradient,
  AvgPoolGrad: poolGradient,
  BatchMatMul: (draw) => matMul(draw),
  _FusedMatMul: fusedMatMul,
  Add: binary,
  Sub: binary,
  Multiply: binary,
  Equal: binary,
  GatherV2: gather,
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
