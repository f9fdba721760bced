/** Every reference model with the data, the loss and the optimizer that suit it: what a benchmark or an example runs by name. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Examples } from './data/batches';
import { loadMnist } from './data/mnist';
import type { Source } from './data/source';
import type { ModelOptions } from './models/build';
import { lenet5 } from './models/lenet5';
import { mnistCnn } from './models/mnistCnn';

export interface DataOptions {
  split: 'train' | 'test';
  /** At most this many examples; default all, or a number that suits the generator. */
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

const mnist = ({ split, limit, source }: DataOptions) => loadMnist({ split, limit, source });

export const catalogue = {
  mnistCnn: {
    description: 'two convolutions and two dense layers, 225 034 parameters, on MNIST',
    model: mnistCnn,
    data: mnist,
    loss: 'sparseCategoricalCrossentropy',
    metric: 'accuracy',
    optimizer: 'adam({learningRate: 0.001})',
    clip: 'byGlobalNorm(1)',
  },
  lenet5: {
    description: 'LeNet-5, 61 706 parameters, on MNIST',
    model: lenet5,
    data: mnist,
    loss: 'sparseCategoricalCrossentropy',
    metric: 'accuracy',
    optimizer: 'adam({learningRate: 0.001})',
    clip: 'byGlobalNorm(1)',
  },
} satisfies Record<string, CatalogueEntry>;
