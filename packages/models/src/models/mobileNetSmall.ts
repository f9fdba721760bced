/** A small MobileNet: convolutions split into a depthwise and a pointwise one [Howard et al. 2017]. */
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { builder, type ModelOptions } from './build';

/** Width and stride of each separable block. */
const BLOCKS: readonly (readonly [number, number])[] = [[32, 1], [64, 2], [64, 1], [128, 2], [128, 1]];

/** Classifies 32 × 32 × 3 images into 10 classes (softmax).   37 162 parameters to learn. */
export function mobileNetSmall(options: ModelOptions = {}): LayersModel {
  const { convolution, dense, he } = builder('mobileNetSmall', options);
  const normalise = () => [layers.batchNormalization({}), layers.activation({ activation: 'relu' })];
  return sequential({
    name: 'mobileNetSmall',
    layers: [
      convolution({ filters: 16, kernelSize: 3, padding: 'same', useBias: false, init: 'he', inputShape: [32, 32, 3] }), ...normalise(),
      ...BLOCKS.flatMap(([filters, strides]) => [
        layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false, depthwiseInitializer: he() }), ...normalise(),
        convolution({ filters, kernelSize: 1, useBias: false, init: 'he' }), ...normalise(),
      ]),
      layers.globalAveragePooling2d({}),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
}
