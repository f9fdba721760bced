/** How to draw a case, by kernel name. */
import * as arrays from './arrays';
import type { Case } from './case';
import * as convolutions from './convolutions';
import type { Draw } from './random';

export const cases: Readonly<Record<string, (draw: Draw) => Case>> = {
  Conv2D: convolutions.convolution(false),
  FusedConv2D: convolutions.fusedConvolution(false),
  Conv2DBackpropFilter: convolutions.filterGradient(false),
  Conv2DBackpropInput: convolutions.inputGradient(false),
  DepthwiseConv2dNative: convolutions.convolution(true),
  FusedDepthwiseConv2D: convolutions.fusedConvolution(true),
  DepthwiseConv2dNativeBackpropFilter: convolutions.filterGradient(true),
  DepthwiseConv2dNativeBackpropInput: convolutions.inputGradient(true),
  MaxPool: convolutions.pool,
  AvgPool: convolutions.pool,
  MaxPoolGrad: convolutions.maxPoolGradient,
  AvgPoolGrad: convolutions.averagePoolGradient,
  BatchMatMul: (draw) => arrays.matMul(draw),
  _FusedMatMul: arrays.fusedMatMul,
  Add: arrays.binary,
  Sub: arrays.binary,
  Multiply: arrays.binary,
  Equal: arrays.comparison,
  GatherV2: arrays.gather,
  FusedBatchNorm: arrays.batchNormalization,
  Tile: arrays.tile,
  Concat: arrays.concat,
  SplitV: arrays.split,
  Sum: arrays.reduction,
  Mean: arrays.reduction,
  UnsortedSegmentSum: arrays.segmentSum,
  Identity: arrays.cast,
  Cast: arrays.cast,
};
