/** Max and average pooling and their gradients on cpu, channels last; windows are clipped at the image's border. */
import { AvgPoolGrad, MaxPoolGrad, backend_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { poolInfo, requireFloat32 } from '../geometry';
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

const forwardInfo = (shape: number[], { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): ConvolutionInfo =>
  backend_util.computePool2DInfo(shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode);

export const maxPool: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  if (x.dtype !== 'float32') return stock(args);
  const info = forwardInfo(x.shape, args.attrs as unknown as PoolAttributes), { inChannels, inWidth } = info;
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
  if (x.dtype !== 'float32') return stock(args);
  const info = forwardInfo(x.shape, args.attrs as unknown as PoolAttributes), { inChannels, inWidth } = info;
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

export const maxPoolGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  requireFloat32(MaxPoolGrad, { dy, input });
  const info = poolInfo(MaxPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes), { inChannels, inWidth } = info;
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
export const averagePoolGradient: OwnKernel = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  requireFloat32(AvgPoolGrad, { dy, input });
  const info = poolInfo(AvgPoolGrad, input.shape, dy, attrs as unknown as PoolAttributes), { inChannels, inWidth } = info;
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
