/** A convolutional network for sentences: filters of three widths over word vectors, the largest answer of each [Kim 2014]. */
import { initializers, input, layers, model, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkInteger } from '../errors';
import { builder, type ModelOptions } from './build';

export interface TextCnnOptions extends ModelOptions {
  /** Distinct tokens, default 200. */
  vocabulary?: number;
  /** Tokens a text, default 40; at least 5. */
  length?: number;
  /** Default 4. */
  classes?: number;
}

const WIDTHS = [3, 4, 5];

/** Classifies texts [length] of token numbers (softmax).   With the defaults 31 940 parameters; gradients of the embedding are sparse. */
export function textCnn(options: TextCnnOptions = {}): LayersModel {
  const { glorot, dense, seed } = builder('textCnn', options, ['vocabulary', 'length', 'classes']);
  const { vocabulary = 200, length = 40, classes = 4 } = options;
  checkInteger('textCnn', 'vocabulary', vocabulary, 1);
  checkInteger('textCnn', 'length', length, Math.max(...WIDTHS));
  checkInteger('textCnn', 'classes', classes, 2);
  const tokens = input({ shape: [length] });
  const chosen = seed();
  const embeddingsInitializer = initializers.randomUniform({ minval: -0.05, maxval: 0.05, ...(chosen !== undefined && { seed: chosen }) });
  const vectors = layers.embedding({ inputDim: vocabulary, outputDim: 32, embeddingsInitializer }).apply(tokens) as SymbolicTensor;
  const answers = WIDTHS.map((kernelSize) => {
    const found = layers.conv1d({ filters: 64, kernelSize, activation: 'relu', kernelInitializer: glorot() }).apply(vectors) as SymbolicTensor;
    return layers.globalMaxPooling1d({}).apply(found) as SymbolicTensor;
  });
  const joined = layers.concatenate().apply(answers) as SymbolicTensor;
  return model({ name: 'textCnn', inputs: tokens, outputs: dense({ units: classes, activation: 'softmax' }).apply(joined) as SymbolicTensor });
}
