/** The kernels of this package, one row each. */
import * as tf from '@tensorflow/tfjs-core';
import type { BackendName, Kernel, OwnKernel } from './kernel';
import { convolution } from './wasm/convolution';
import { depthwiseFilterGradient, depthwiseInputGradient } from './wasm/depthwise';
import { convolutionFilterGradient } from './wasm/filter-gradient';
import { convolutionInputGradient } from './wasm/input-gradient';
import { matMul } from './wasm/matmul';
import { averagePoolGradient, maxPoolGradient } from './wasm/pooling';
import { mean, sum } from './wasm/reduction';
import { segmentSum } from './wasm/segment-sum';
import { cast, identity } from './wasm/share';

interface Implementation extends Kernel {
  readonly run: OwnKernel;
}

const missing = (backendName: BackendName, kernelName: string, run: OwnKernel): Implementation => ({ kernelName, backendName, replaces: false, run });
const slow = (backendName: BackendName, kernelName: string, run: OwnKernel): Implementation => ({ kernelName, backendName, replaces: true, run });

export const implementations: readonly Implementation[] = [
  missing('wasm', tf.Conv2DBackpropFilter, convolutionFilterGradient),
  missing('wasm', tf.DepthwiseConv2dNativeBackpropFilter, depthwiseFilterGradient),
  missing('wasm', tf.DepthwiseConv2dNativeBackpropInput, depthwiseInputGradient),
  missing('wasm', tf.UnsortedSegmentSum, segmentSum),
  slow('wasm', tf.Conv2D, convolution),
  slow('wasm', tf.Conv2DBackpropInput, convolutionInputGradient),
  slow('wasm', tf.MaxPoolGrad, maxPoolGradient),
  slow('wasm', tf.AvgPoolGrad, averagePoolGradient),
  slow('wasm', tf.BatchMatMul, matMul),
  slow('wasm', tf.Sum, sum),
  slow('wasm', tf.Mean, mean),
  slow('wasm', tf.Identity, identity),
  slow('wasm', tf.Cast, cast),
];

/** All kernels that `registerBackprop` can register: those tfjs lacks, then those that replace one of its own. */
export const kernels: readonly Kernel[] = implementations.map(({ kernelName, backendName, replaces }) => ({ kernelName, backendName, replaces }));
