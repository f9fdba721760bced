/** LeNet-5, the first widely used convolutional network [LeCun, Bottou, Bengio, Haffner 1998]. */
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { builder, type ModelOptions } from './build';

/**
 * Classifies 28 × 28 × 1 images into 10 classes (softmax).   61 706 parameters.
 * As is usual today the first convolution pads the image (the paper's images came as 32 × 32), the second sees all maps of the
 * first (the paper's sees a fixed choice), poolings carry no weights, and the output is a softmax in place of radial units.
 */
export function lenet5(options: ModelOptions = {}): LayersModel {
  const { convolution, dense } = builder('lenet5', options);
  return sequential({
    name: 'lenet5',
    layers: [
      convolution({ filters: 6, kernelSize: 5, padding: 'same', activation: 'tanh', inputShape: [28, 28, 1] }),
      layers.averagePooling2d({ poolSize: 2 }),
      convolution({ filters: 16, kernelSize: 5, activation: 'tanh' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
      dense({ units: 120, activation: 'tanh' }),
      dense({ units: 84, activation: 'tanh' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
}
