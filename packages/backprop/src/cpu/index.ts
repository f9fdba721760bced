/** The kernels for the cpu backend. */
export { convolution, convolutionFilterGradient, convolutionInputGradient } from './convolution';
export { depthwiseConvolution, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { matMul } from './matmul';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pooling';
export { segmentSum } from './segment-sum';
