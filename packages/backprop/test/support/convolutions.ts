/** Random cases of convolutions and pooling. */
import { backend_util } from '@tensorflow/tfjs-core';
import { ends, operand } from './case';
import type { Case } from './case';
import type { Attributes } from './kernels';
import type { Draw } from './random';

type Size4 = [number, number, number, number];
/** Multiply-adds of one case at most: tfjs's cpu kernels, the reference, do about five million a second. */
const largestWork = 40_000;

interface Draft {
  imageShape: Size4;
  filterShape: Size4;
  attributes: {
    strides: [number, number];
    pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
    dataFormat: 'NHWC' | 'NCHW';
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
    dilations: [number, number];
  };
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

export const convolution = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes } = draft(draw, { depthwise, dilate: true });
  return { operands: { x: operand(draw, imageShape), filter: operand(draw, filterShape) }, attributes };
};

const channelsOf = (filter: number[], depthwise: boolean): number => (depthwise ? filter[2]! * filter[3]! : filter[3]!);

export const fusedConvolution = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes } = draft(draw, { depthwise, layouts: false });
  const fused = ends(draw, channelsOf(filterShape, depthwise));
  return {
    operands: { x: operand(draw, imageShape), filter: operand(draw, filterShape), ...fused.operands },
    attributes: { ...attributes, ...fused.attributes },
  };
};

export const filterGradient = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes, outShape } = draft(draw, { depthwise });
  return { operands: { x: operand(draw, imageShape), dy: operand(draw, outShape) }, attributes: { ...attributes, filterShape } };
};

export const inputGradient = (depthwise: boolean) => (draw: Draw): Case => {
  const { imageShape, filterShape, attributes, outShape } = draft(draw, { depthwise });
  return { operands: { dy: operand(draw, outShape), filter: operand(draw, filterShape) }, attributes: { ...attributes, inputShape: imageShape } };
};

const poolAttributes = ({ filterShape, attributes: { strides, pad, dimRoundingMode } }: Draft): Attributes =>
  ({ filterSize: filterShape.slice(0, 2), strides, pad, ...(dimRoundingMode && { dimRoundingMode }) });

export const pool = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  return { operands: { x: operand(draw, drawn.imageShape) }, attributes: poolAttributes(drawn) };
};

/** A third of the images have few different values, so that windows have ties. */
export const maxPoolGradient = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  const input = operand(draw, drawn.imageShape);
  if (draw.next() < 0.33) input.values = input.values.map((value) => Math.round(value * 2) / 2);
  return { operands: { dy: operand(draw, drawn.outShape), input, output: operand(draw, drawn.outShape) }, attributes: poolAttributes(drawn) };
};

export const averagePoolGradient = (draw: Draw): Case => {
  const drawn = draft(draw, { pool: true });
  const { filterSize, strides } = poolAttributes(drawn);
  const info = backend_util.computePool2DInfo(drawn.imageShape, filterSize as [number, number], strides as [number, number], 1, drawn.attributes.pad);
  return { operands: { dy: operand(draw, info.outShape), input: operand(draw, drawn.imageShape) }, attributes: { filterSize, strides, pad: drawn.attributes.pad } };
};
