/** From an update rule and the options that all optimizers share to an optimizer. */
import { accumulateGradients, averageWeights, checkOptions, clippingFields, clippingTransforms, ClipkitOptimizer, fields, type ClipOptions, type Pattern, type Threshold } from '@clipkit/core';
import type { Rule } from './rule';

/**
 * Options of all optimizers, under Keras's names. A step runs in this order, in one program:
 * the non-finite policy, accumulation, `clip`, `clipvalue` | `clipnorm` | `globalClipnorm`, the rule with weight decay,
 * weight clipping (a clipWeights in `clip`), the moving average of the weights.
 */
export interface CommonOptions extends ClipOptions {
  /** eta >= 0, or a schedule over attempted steps. */
  learningRate?: Threshold;
  /** lambda >= 0: beside the step, w loses eta lambda w. Default 0, unless the optimizer says otherwise. */
  weightDecay?: number;
  /** Variables that do not decay: names, RegExps, or a list of both. */
  excludeFromWeightDecay?: Pattern;
  /** mu in [0, 1): keeps a <- mu a + (1 - mu) w, from the first step's w on. See swapAveragedWeights(). */
  emaMomentum?: number;
  /** n: the mean of n calls' gradients makes one step. Default 1. */
  gradientAccumulationSteps?: number;
}

/** A fused optimizer: clipping, update and everything between in one program a step. */
export type FusedOptimizer = ClipkitOptimizer<null>;

const commonFields = {
  ...clippingFields,
  emaMomentum: fields.number({ min: 0, below: 1, optional: true }),
  gradientAccumulationSteps: fields.count(1),
};

/** Checks all options by one table before anything is made, and puts the pipeline together. */
export function buildOptimizer(rule: Rule, options: object): FusedOptimizer {
  const owner = `[optimizers] ${rule.kind}`;
  const checked = checkOptions(owner, { ...commonFields, ...rule.fields }, options) as ReturnType<typeof checkOptions<typeof commonFields>>;
  const own = Object.fromEntries(Object.entries(checked).filter(([name]) => Object.hasOwn(rule.fields, name)));
  const { gradientAccumulationSteps, emaMomentum, nonFinite } = checked;
  return new ClipkitOptimizer<null>({
    transforms: [
      ...(gradientAccumulationSteps > 1 ? [accumulateGradients(gradientAccumulationSteps)] : []),
      ...clippingTransforms(owner, checked),
      ...(emaMomentum !== undefined ? [averageWeights(emaMomentum)] : []),
    ],
    rule: rule.make(own),
    inner: null,
    nonFinite,
  });
}
