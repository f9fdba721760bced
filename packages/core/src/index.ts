/**
 * @clipkit/core: write a gradient transform or an update rule as a formula once; it runs fused on every backend of
 * TensorFlow.js.
 * @packageDocumentation
 */

// To write transforms and rules.
export * from './formula';
export { buildTransform, defineTransform, registeredKinds, type TransformDefinition } from './transform/define';
export { isTransform } from './transform/transform';
export type {
  Flow,
  GradientTransform,
  Outcome,
  Stage,
  StateDeclaration,
  StateDeclarations,
  Trait,
} from './transform/transform';
export { chain } from './transform/chain';
export * as fields from './transform/fields';
export { checkOptions, type Field, type Fields, type Options, type Pattern } from './transform/fields';
export { matching, oncePerVariable } from './transform/match';
export { checkNestedTransforms } from './transform/nested';
export { scaleTo } from './transforms/scale';
export { about, expected, show } from './errors';

// Schedules.
export { asTerm, isSchedule, type Schedule, type Threshold } from './schedules/schedule';
export {
  adjustable,
  constant,
  cosine,
  exponential,
  linear,
  onPlateau,
  piecewise,
  polynomial,
  warmup,
  type AdjustableSchedule,
  type PlateauOptions,
} from './schedules/schedules';

// Transforms that clip and optimizers share.
export { byGlobalNorm, byNorm, byValue } from './transforms/keras';
export { accumulateGradients } from './transforms/accumulate';
export { averageWeights } from './transforms/average';
export { clippingFields, clippingTransforms, type ClipOptions } from './transforms/options';
export type { NonFinitePolicy } from './transform/nonFinite';

// Optimizers.
export { ClipkitOptimizer, type OptimizerOptions } from './optimizer/optimizer';
export type { ClipReport } from './optimizer/observer';
export { StandaloneChain } from './optimizer/standalone';

// For clipkit's other packages and its tests.
export { isDisposed } from './optimizer/disposed';
export { isStock, readLearningRate, stockSlots, stockVariables } from './optimizer/stock';
export { forceBackend } from './backends/select';
export { Cache } from './cache';
export { readPattern } from './patterns';
