/** The kernels of this package, one row each. */
import * as tf from '@tensorflow/tfjs-core';
import * as cpu from './cpu';
import type { BackendName, Kernel, OwnKernel } from './kernel';
import * as wasm from './wasm';

interface Implementation extends Kernel {
  readonly run: OwnKernel;
}

const missing = (backendName: BackendName, kernelName: string, run: OwnKernel): Implementation => ({ kernelName, backendName, replaces: false, run });
const slow = (backendName: BackendName, kernelName: string, run: OwnKernel): Implementation => ({ kernelName, backendName, replaces: true, run });

export const implementations: readonly Implementation[] = [
  missing('wasm', tf.Conv2DBackpropFilter, wasm.convolutionFilterGradient),
  missing('wasm', tf.DepthwiseConv2dNativeBackpropFilter, wasm.depthwiseFilterGradient),
  missing('wasm', tf.DepthwiseConv2dNativeBackpropInput, wasm.depthwiseInputGradient),
  missing('wasm', tf.UnsortedSegmentSum, wasm.segmentSum),
  slow('wasm', tf.Conv2D, wasm.convolution),
  slow('wasm', tf.FusedConv2D, wasm.fusedConvolution),
  slow('wasm', tf.Conv2DBackpropInput, wasm.convolutionInputGradient),
  slow('wasm', tf.MaxPoolGrad, wasm.maxPoolGradient),
  slow('wasm', tf.AvgPoolGrad, wasm.averagePoolGradient),
  slow('wasm', tf.BatchMatMul, wasm.matMul),
  slow('wasm', tf._FusedMatMul, wasm.fusedMatMul),
  slow('wasm', tf.Sum, wasm.sum),
  slow('wasm', tf.Mean, wasm.mean),
  slow('wasm', tf.Add, wasm.add),
  slow('wasm', tf.Sub, wasm.subtract),
  slow('wasm', tf.Multiply, wasm.multiply),
  slow('wasm', tf.Equal, wasm.equal),
  slow('wasm', tf.GatherV2, wasm.gather),
  slow('wasm', tf.FusedBatchNorm, wasm.batchNormalization),
  slow('wasm', tf.Tile, wasm.tile),
  slow('wasm', tf.Concat, wasm.concat),
  slow('wasm', tf.SplitV, wasm.split),
  slow('wasm', tf.Identity, wasm.identity),
  slow('wasm', tf.Cast, wasm.cast),
  slow('cpu', tf.Conv2D, cpu.convolution),
  slow('cpu', tf.FusedConv2D, cpu.fusedConvolution),
  slow('cpu', tf.Conv2DBackpropFilter, cpu.convolutionFilterGradient),
  slow('cpu', tf.Conv2DBackpropInput, cpu.convolutionInputGradient),
  slow('cpu', tf.DepthwiseConv2dNative, cpu.depthwiseConvolution),
  slow('cpu', tf.FusedDepthwiseConv2D, cpu.fusedDepthwiseConvolution),
  slow('cpu', tf.DepthwiseConv2dNativeBackpropFilter, cpu.depthwiseFilterGradient),
  slow('cpu', tf.DepthwiseConv2dNativeBackpropInput, cpu.depthwiseInputGradient),
  slow('cpu', tf.MaxPool, cpu.maxPool),
  slow('cpu', tf.MaxPoolGrad, cpu.maxPoolGradient),
  slow('cpu', tf.AvgPool, cpu.averagePool),
  slow('cpu', tf.AvgPoolGrad, cpu.averagePoolGradient),
  slow('cpu', tf.BatchMatMul, cpu.matMul),
  slow('cpu', tf._FusedMatMul, cpu.fusedMatMul),
  slow('cpu', tf.Sum, cpu.sum),
  slow('cpu', tf.UnsortedSegmentSum, cpu.segmentSum),
];

/** All kernels that `registerBackprop` can register: those tfjs lacks, then those that replace one of its own. */
export const kernels: readonly Kernel[] = implementations.map(({ kernelName, backendName, replaces }) => ({ kernelName, backendName, replaces }));
