/** A small normaliser-free residual network, the kind of network that adaptive gradient clipping was made for [Brock et al. 2021]. */
import { input, layers, model, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { builder, type ModelOptions } from './build';
import { ScaledRelu, SkipGain, StandardizedConvolution } from './standardized';

const WIDTHS = [32, 64, 128];
const BLOCKS = 2;
/** How much each block adds to the variance. */
const ALPHA = 0.2;

/**
 * Classifies 32 × 32 × 3 images into 10 classes (softmax).   696 624 parameters; no batch normalisation.
 * The classifier's variables are called `classifier/…`, to be left out of adaptiveClip.
 */
export function nfnetSmall(options: ModelOptions = {}): LayersModel {
  const { dense, seed } = builder('nfnetSmall', options);
  const convolve = (from: SymbolicTensor, filters: number, kernelSize: number, strides = 1) => {
    const chosen = seed();
    return new StandardizedConvolution({ filters, kernelSize, strides, ...(chosen !== undefined && { seed: chosen }) }).apply(from) as SymbolicTensor;
  };
  const activate = (from: SymbolicTensor, factor = 1) => new ScaledRelu({ factor }).apply(from) as SymbolicTensor;

  const images = input({ shape: [32, 32, 3] });
  let flow = convolve(images, WIDTHS[0]!, 3);
  let variance = 1;
  for (const [stage, filters] of WIDTHS.entries()) {
    for (let block = 0; block < BLOCKS; block++) {
      const halves = stage > 0 && block === 0;
      const inner = activate(flow, 1 / Math.sqrt(variance));
      const branch = convolve(activate(convolve(inner, filters, 3, halves ? 2 : 1)), filters, 3);
      const shortcut = halves ? convolve(inner, filters, 1, 2) : flow;
      flow = layers.add().apply([shortcut, new SkipGain({ factor: ALPHA }).apply(branch) as SymbolicTensor]) as SymbolicTensor;
      variance = (halves ? 1 : variance) + ALPHA ** 2;
    }
  }
  const pooled = layers.globalAveragePooling2d({}).apply(activate(flow, 1 / Math.sqrt(variance))) as SymbolicTensor;
  return model({ name: 'nfnetSmall', inputs: images, outputs: dense({ name: 'classifier', units: 10, activation: 'softmax' }).apply(pooled) as SymbolicTensor });
}
