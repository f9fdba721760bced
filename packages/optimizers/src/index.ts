/**
 * @clipkit/optimizers: fused optimizers for TensorFlow.js, with Keras's clipping options.
 * @packageDocumentation
 */
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from './build';
import { adamRule } from './rules/adam';
import { sgdRule } from './rules/sgd';

export const adam = (options: CommonOptions & { beta1?: number; beta2?: number; epsilon?: number; amsgrad?: boolean } = {}): FusedOptimizer => buildOptimizer('adam', adamRule, options);
export const sgd = (options: CommonOptions & { momentum?: number; nesterov?: boolean } = {}): FusedOptimizer => buildOptimizer('sgd', sgdRule, options);
export const momentum = (options: CommonOptions & { momentum?: number; nesterov?: boolean } = {}): FusedOptimizer => sgd({ momentum: 0.9, ...options });
export type { CommonOptions, FusedOptimizer };
