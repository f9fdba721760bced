/** @clipkit/models: reference models of TensorFlow.js and the data that they learn from, all seeded. */
export { mnistCnn } from './models/mnistCnn';
export { lenet5 } from './models/lenet5';
export type { ModelOptions } from './models/build';
export { loadMnist, type MnistOptions } from './data/mnist';
export { batches, type BatchOptions, type Examples } from './data/batches';
export { uniform } from './random';
export type { Source } from './data/source';
export { catalogue, type CatalogueEntry, type DataOptions } from './catalogue';
