/** What users say about how to clip: options in Keras's words, a transform, or a list of them. */
import { checkOptions, clippingFields, clippingTransforms, isTransform, type ClipOptions, type GradientTransform, type NonFinitePolicy } from '@clipkit/core';

export type How = ClipOptions | GradientTransform | readonly GradientTransform[];

export function readHow(owner: string, how: How): { transforms: readonly GradientTransform[]; nonFinite: NonFinitePolicy } {
  const options = isTransform(how) || Array.isArray(how) ? { clip: how as GradientTransform } : how;
  const checked = checkOptions(owner, clippingFields, options);
  return { transforms: clippingTransforms(owner, checked), nonFinite: checked.nonFinite };
}
