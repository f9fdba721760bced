/** A small network in the manner of VGG: pairs of 3 × 3 convolutions, each pair followed by a pooling [Simonyan, Zisserman 2014]. */
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { builder, type ModelOptions } from './build';

/** Classifies 32 × 32 × 3 images into 10 classes (softmax).   550 570 parameters; without normalisation, so that gradients are free to grow. */
export function vggSmall(options: ModelOptions = {}): LayersModel {
  const { convolution, dense } = builder('vggSmall', options);
  const block = (filters: number, inputShape?: number[]) => [
    convolution({ filters, kernelSize: 3, padding: 'same', activation: 'relu', init: 'he', ...(inputShape && { inputShape }) }),
    convolution({ filters, kernelSize: 3, padding: 'same', activation: 'relu', init: 'he' }),
    layers.maxPooling2d({ poolSize: 2 }),
  ];
  return sequential({
    name: 'vggSmall',
    layers: [
      ...block(32, [32, 32, 3]), ...block(64), ...block(128),
      layers.flatten(),
      dense({ units: 128, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
}
