/**
 * @clipkit/optimizers: fused optimizers for TensorFlow.js, with Keras's clipping options.
 * @packageDocumentation
 */
export { adadelta, type AdadeltaOptions } from './rules/adadelta';
export { adafactor, type AdafactorOptions } from './rules/adafactor';
export { adagrad, type AdagradOptions } from './rules/adagrad';
export { adam, type AdamOptions } from './rules/adam';
export { adamax, type AdamaxOptions } from './rules/adamax';
export { adamW } from './rules/adamW';
export { lamb, type LambOptions } from './rules/lamb';
export { lars, type LarsOptions } from './rules/lars';
export { lion, type LionOptions } from './rules/lion';
export { momentum } from './rules/momentum';
export { muon, type MuonOptions } from './rules/muon';
export { nadam, type NadamOptions } from './rules/nadam';
export { radam, type RadamOptions } from './rules/radam';
export { rmsprop, type RmspropOptions } from './rules/rmsprop';
export { sgd, type SgdOptions } from './rules/sgd';
export { fuse } from './fuse';
export type { CommonOptions, FusedOptimizer } from './optimizer';
export { adjustable, constant, cosine, exponential, linear, onPlateau, piecewise, polynomial, warmup } from '@clipkit/core';
export type { ClipOptions, ClipReport, Schedule, Threshold } from '@clipkit/core';
