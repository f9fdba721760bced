/** Max and average pooling and their gradients on cpu, channels last; windows are clipped at the image's border. */
import { AvgPool, AvgPoolGrad, MaxPool, MaxPoolGrad, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32, poolGradientInfo, poolInfo } from '../geometry';
import type { ConvolutionInfo, PoolAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { tensorOf, valuesOf } from './backend';

/** Works on one output pixel: where its channels begin, where its image does, and its window's rows and columns in there. */
type Use = (output: number, image: number, firstRow: number, lastRow: number, firstColumn: number, lastColumn: number) => void;

const forEachWindow = (info: ConvolutionInfo, use: Use): void => {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, filterHeight, filterWidth, padInfo } = info;
  let output = 0;
  for (let index = 0; index < batchSize; index++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top, firstRow = Math.max(0, top), lastRow = Math.min(inHeight, top + filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left, firstColumn = Math.max(0, left), lastColumn = Math.min(inWidth, left + filterWidth);
        use(output, index * inHeight * inWidth * inChannels, firstRow, lastRow, firstColumn, lastColumn);
        output += inChannels;
      }
    }
  }
};

/** Windows of one value, for which tfjs shares the image: NaN stays in it, and is dropped from larger windows. */
const changesNothing = ({ filterHeight, filterWidth, inShape, outShape }: ConvolutionInfo): boolean =>
  filterHeight === 1 && filterWidth === 1 && util.arraysEqual(inShape, outShape);

export const maxPool: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const info = poolInfo(MaxPool, x.shape, args.attrs as unknown as PoolAttributes);
  const { inChannels, inWidth } = info;
  if (!areFloat32(x) || changesNothing(info)) return stock(args);
  const values = valuesOf(args.backend, x), made = new Float32Array(util.sizeFromShape(info.outShape)).fill(-Infinity);
  forEachWindow(info, (output, image, firstRow, lastRow, firstColumn, lastColumn) => {
    for (let row = firstRow; row < lastRow; row++) {
      let from = image + (row * inWidth + firstColumn) * inChannels;
      for (let column = firstColumn; column < lastColumn; column++) {
        for (let channel = 0; channel < inChannels; channel++, from++) {
          if (values[from]! > made[output + channel]!) made[output + channel] = values[from]!;
        }
      }
    }
  });
  return tensorOf(args.backend, info.outShape, made);
};

export const averagePool: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  const info = poolInfo(AvgPool, x.shape, args.attrs as unknown as PoolAttributes);
  const { inChannels, inWidth } = info;
  if (!areFloat32(x) || changesNothing(info)) return stock(args);
  const values = valuesOf(args.backend, x), sums = new Float64Array(inChannels);
  const made = new Float32Array(util.sizeFromShape(info.outShape));
  forEachWindow(info, (output, image, firstRow, lastRow, firstColumn, lastColumn) => {
    sums.fill(0);
    for (let row = firstRow; row < lastRow; row++) {
      let from = image + (row * inWidth + firstColumn) * inChannels;
      for (let column = firstColumn; column < lastColumn; column++) {
        for (let channel = 0; channel < inChannels; channel++) sums[channel]! += values[from++]!;
      }
    }
    const count = Math.max(0, lastRow - firstRow) * Math.max(0, lastColumn - firstColumn);
    for (let channel = 0; channel < inChannels; channel++) made[output + channel] = sums[channel]! / count;
  });
  return tensorOf(args.backend, info.outShape, made);
};

export const maxPoolGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  if (!areFloat32(dy, input)) return stock(args);
  const info = poolGradientInfo(MaxPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes);
  const { inChannels, inWidth } = info;
  const values = valuesOf(backend, input), gradients = valuesOf(backend, dy), made = new Float32Array(values.length);
  forEachWindow(info, (output, image, firstRow, lastRow, firstColumn, lastColumn) => {
    for (let channel = 0; channel < inChannels; channel++) {
      let best = -Infinity, where = -1;
      for (let row = firstRow; row < lastRow; row++) {
        let from = image + (row * inWidth + firstColumn) * inChannels + channel;
        for (let column = firstColumn; column < lastColumn; column++, from += inChannels) {
          const value = values[from]!;
          if (value > best) {
            best = value;
            where = from;
          }
        }
      }
      if (where >= 0) made[where]! += gradients[output + channel]!;
    }
  });
  return tensorOf(backend, input.shape, made);
};

/** As in tfjs, every input of a window gets 1 / (height × width) of its gradient, also where the border clips the window. */
export const averagePoolGradient: OwnKernel = (args, stock) => {
  const { inputs, backend, attrs } = args;
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  if (!areFloat32(dy, input)) return stock(args);
  const info = poolGradientInfo(AvgPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes);
  const { inChannels, inWidth } = info;
  const gradients = valuesOf(backend, dy), made = new Float32Array(util.sizeFromShape(input.shape));
  const factor = 1 / (info.filterHeight * info.filterWidth);
  forEachWindow(info, (output, image, firstRow, lastRow, firstColumn, lastColumn) => {
    for (let row = firstRow; row < lastRow; row++) {
      let to = image + (row * inWidth + firstColumn) * inChannels;
      for (let column = firstColumn; column < lastColumn; column++) {
        for (let channel = 0; channel < inChannels; channel++) made[to++]! += gradients[output + channel]! * factor;
      }
    }
  });
  return tensorOf(backend, input.shape, made);
};
