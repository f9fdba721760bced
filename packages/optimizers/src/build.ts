/** From an update rule and the common options to an optimizer. */
import { checkOptions, clippingFields, clippingTransforms, ClipkitOptimizer, type ClipOptions, type GradientTransform, type Threshold } from '@clipkit/core';

/** Options that all optimizers have, under Keras 3's names. */
export interface CommonOptions extends ClipOptions {
  /** η ≥ 0, or a schedule over attempted steps. */
  learningRate?: Threshold;
}

/** A fused optimizer: clipping, update and everything between in one program a step. */
export type FusedOptimizer = ClipkitOptimizer<null>;

/** Splits options into the common ones and the rule's, checks both, and puts the pipeline together. */
export function buildOptimizer(name: string, rule: (options: object) => GradientTransform, options: object): FusedOptimizer {
  const owner = `[optimizers] ${name}`;
  const common: Record<string, unknown> = {}, own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) (Object.hasOwn(clippingFields, key) ? common : own)[key] = value;
  const checked = checkOptions(owner, clippingFields, common);
  return new ClipkitOptimizer<null>({ transforms: clippingTransforms(owner, checked), rule: rule(own), inner: null, nonFinite: checked.nonFinite });
}
