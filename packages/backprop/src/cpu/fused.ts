/** FusedConv2D, FusedDepthwiseConv2D and _FusedMatMul on cpu: ours, then bias and clamp where the values lie; tfjs's call its slow ones. */
import { FusedConv2D, FusedDepthwiseConv2D } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { fusedEnd } from '../fused';
import { convolutionInfo } from '../geometry';
import type { ConvolutionAttributes } from '../geometry';
import type { OwnKernel } from '../kernel';
import { valuesOf } from './backend';
import { convolution } from './convolution';
import { depthwiseConvolution } from './depthwise';
import { matMul } from './matmul';

type ChannelsOf = (inputs: Record<string, TensorInfo>, attributes: Record<string, unknown>) => number;

const fused = (product: OwnKernel, channelsOf: ChannelsOf): OwnKernel => (args, stock) => {
  const inputs = args.inputs as Record<string, TensorInfo>;
  const channels = channelsOf(inputs, args.attrs as unknown as Record<string, unknown>), end = fusedEnd(args, 'cpu', channels);
  if (!end) return stock(args);
  // Where the product is not ours, tfjs's fused kernel does all of it.
  let own = true;
  const made = product(args, (same) => {
    own = false;
    return stock(same);
  }) as TensorInfo;
  if (!own) return made;
  if (!end.plain) clampInPlace(valuesOf(args.backend, made), end.bias && valuesOf(args.backend, end.bias), channels, end.low, end.high);
  return end.activate(made);
};

const clampInPlace = (values: Float32Array, bias: Float32Array | undefined, channels: number, low: number, high: number): void => {
  const step = bias?.length === 1 ? 0 : 1;
  for (let at = 0; at < values.length;) {
    for (let channel = 0; channel < channels; channel++, at++) {
      values[at] = Math.min(high, Math.max(low, values[at]! + (bias ? bias[channel * step]! : 0)));
    }
  }
};

const convolutionChannels = (kernelName: string, depthwise: boolean): ChannelsOf => ({ x, filter }, attrs) => {
  const attributes = attrs as unknown as ConvolutionAttributes;
  return convolutionInfo(kernelName, x!.shape, filter!.shape, attributes, depthwise).outChannels;
};

export const fusedConvolution = fused(convolution, convolutionChannels(FusedConv2D, false));
export const fusedDepthwiseConvolution = fused(depthwiseConvolution, convolutionChannels(FusedDepthwiseConv2D, true));
export const fusedMatMul = fused(matMul, ({ b }, { transposeB }) => b!.shape.at(transposeB ? -2 : -1)!);
