/** The kernels for the cpu backend. */
export { convolution, convolutionFilterGradient, convolutionInputGradient } from './convolution';
export { depthwiseConvolution, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { fusedConvolution, fusedDepthwiseConvolution, fusedMatMul } from './fused';
export { matMul } from './matmul';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pooling';
export { sum } from './reduction';
export { segmentSum } from './segment-sum';
