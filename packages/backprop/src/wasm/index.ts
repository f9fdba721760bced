/** The kernels for the wasm backend. */
export { add, equal, multiply, subtract } from './binary';
export { convolution, fusedConvolution } from './convolution';
export { concat, split } from './copying';
export { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { convolutionFilterGradient } from './filter-gradient';
export { gather } from './gather';
export { convolutionInputGradient } from './input-gradient';
export { fusedMatMul, matMul } from './matmul';
export { batchNormalization } from './normalization';
export { averagePoolGradient, maxPoolGradient } from './pooling';
export { mean, sum } from './reduction';
export { segmentSum } from './segment-sum';
export { cast, identity } from './share';
export { tile } from './tile';
