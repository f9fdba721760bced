/** What the module offers; every pointer is a byte offset into the heap of tfjs's wasm backend, every size is checked by the caller. */
export { copyRows, exportImage, importImage, transpose, zero } from './image';
export { packRight } from './pack';
export { multiply } from './matrix';
export { convolveImage, inputGradientImage } from './convolution';
export { addBias, binary, equal, gatherRows, repeat } from './elementwise';
export { filterGradientImage, multiplyPatches } from './filter-gradient';
export { depthwiseFilterGradientImage, depthwiseInputGradientImage } from './depthwise';
export { averagePoolGradient, maxPoolGradient } from './pooling';
export { normalize } from './normalization';
export { segmentSum, sumRows } from './reduction';
