/** Every reference model with the data, the loss and the optimizer that suit it: what a benchmark or an example runs by name. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { addingProblem } from './data/addingProblem';
import type { Examples } from './data/batches';
import { charSequences } from './data/charSequences';
import { loadCifar10 } from './data/cifar10';
import { loadMnist } from './data/mnist';
import { sonnets } from './data/sonnets';
import type { Source } from './data/source';
import { syntheticImages } from './data/syntheticImages';
import { syntheticTexts } from './data/syntheticTexts';
import { mix } from './random';
import { addingRnn } from './models/addingRnn';
import type { ModelOptions } from './models/build';
import { charLstm } from './models/charLstm';
import { lenet5 } from './models/lenet5';
import { mnistCnn } from './models/mnistCnn';
import { mobileNetSmall } from './models/mobileNetSmall';
import { nfnetSmall } from './models/nfnetSmall';
import { resnet20 } from './models/resnet20';
import { textCnn } from './models/textCnn';
import { vggSmall } from './models/vggSmall';

export interface DataOptions {
  split: 'train' | 'test';
  /** At most this many examples; default all, or 4000 generated ones to train on and 1000 to test on. */
  limit?: number;
  /** Seed of generated data; files ignore it. */
  seed?: number;
  /** Where the files are, for data that comes from files. */
  source?: Source;
}

export interface CatalogueEntry {
  description: string;
  /** Builds the model, not compiled. */
  model(options?: ModelOptions): LayersModel;
  data(options: DataOptions): Promise<Examples>;
  loss: 'sparseCategoricalCrossentropy' | 'meanSquaredError';
  /** What the metric `accuracy` counts; null where there are no classes. */
  metric: 'accuracy' | null;
  /** What suits the model, written as in code: an optimizer of @clipkit/optimizers and a transform of @clipkit/clip. */
  optimizer: string;
  clip: string;
}

const mnist = ({ split, limit, source }: DataOptions) => loadMnist({ split, ...(limit !== undefined && { limit }), ...(source !== undefined && { source }) });

/** CIFAR-10 where a source is given, else generated images of the same shape. */
const colourImages = async ({ source, ...options }: DataOptions) =>
  source === undefined ? syntheticImages(generated(options)) : loadCifar10({ dir: source, split: options.split, ...(options.limit !== undefined && { limit: options.limit }) });

/** Count and seed of generated data: the test set has a seed of its own. */
const generated = ({ split, limit, seed }: DataOptions) => ({ count: limit ?? (split === 'train' ? 4000 : 1000), ...(seed !== undefined && { seed: mix(seed, split === 'train' ? 1 : 2) }) });

/** The first two sonnets to train on, the third to test on, in one alphabet. */
const characters = async (options: DataOptions) => {
  const border = sonnets.lastIndexOf('\n\n');
  const vocabulary = [...new Set(sonnets)].sort().join('');
  const { count, ...rest } = generated(options);
  return charSequences(options.split === 'train' ? sonnets.slice(0, border) : sonnets.slice(border), { ...rest, vocabulary, count });
};

const classifier = { loss: 'sparseCategoricalCrossentropy', metric: 'accuracy', optimizer: 'adam({learningRate: 0.001})', clip: 'byGlobalNorm(1)' } as const;
const images = 'on CIFAR-10 where its files are given, else on generated images';

export const catalogue = {
  mnistCnn: { ...classifier, description: 'two convolutions and two dense layers, 225 034 parameters, on MNIST', model: mnistCnn, data: mnist },
  lenet5: { ...classifier, description: 'LeNet-5, 61 706 parameters, on MNIST', model: lenet5, data: mnist },
  vggSmall: { ...classifier, description: `six convolutions without normalisation, ${images}`, model: vggSmall, data: colourImages },
  resnet20: { ...classifier, description: `ResNet-20, ${images}`, model: resnet20, data: colourImages },
  mobileNetSmall: { ...classifier, description: `depthwise separable convolutions, ${images}`, model: mobileNetSmall, data: colourImages },
  nfnetSmall: {
    ...classifier,
    description: `a residual network without normalisation, ${images}`,
    model: nfnetSmall,
    data: colourImages,
    optimizer: 'momentum({learningRate: 0.05, nesterov: true})',
    clip: 'adaptiveClip({exclude: [/^classifier\\//]})',
  },
  textCnn: { ...classifier, description: 'a convolutional network for sentences, on generated texts', model: textCnn, data: async (options) => syntheticTexts(generated(options)) },
  addingRnn: {
    description: 'a plain recurrent network on the adding problem over 50 steps',
    model: addingRnn,
    data: async (options) => addingProblem(generated(options)),
    loss: 'meanSquaredError',
    metric: null,
    optimizer: 'adam({learningRate: 0.001})',
    clip: 'byGlobalNorm(1)',
  },
  charLstm: {
    ...classifier,
    description: 'an LSTM that predicts characters, on three sonnets',
    model: (options) => charLstm({ vocabulary: new Set(sonnets).size, ...options }),
    data: characters,
    optimizer: 'adam({learningRate: 0.003})',
  },
} satisfies Record<string, CatalogueEntry>;
