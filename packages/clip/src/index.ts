/**
 * @clipkit/clip: gradient clipping for any TensorFlow.js optimizer.
 * @packageDocumentation
 */
export { clip, type ClippedOptimizer } from './clip';
export { clipGradients } from './clipGradients';
export { clipMonitor } from './clipMonitor';
export type { Batch, Batches } from './batches';
export { suggestThreshold, type Suggestion, type TrainableModel } from './suggestThreshold';
export * from './transforms';
export { adjustable, chain, constant, cosine, exponential, linear, onPlateau, piecewise, polynomial, warmup } from '@clipkit/core';
export type { ClipOptions, ClipReport, GradientTransform, NonFinitePolicy, Schedule, Threshold } from '@clipkit/core';
