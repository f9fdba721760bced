/** Keras's clipping arguments, as the options that clip() and every fused optimizer take. */
import { show } from '../errors';
import type { Threshold } from '../schedules/schedule';
import { oneOf, threshold, transform, type Options } from '../transform/fields';
import { NON_FINITE_POLICIES, type NonFinitePolicy } from '../transform/nonFinite';
import { chainOf, type GradientTransform } from '../transform/transform';
import { byGlobalNorm, byNorm, byValue } from './keras';

/**
 * How to clip: Keras 3's arguments with their meaning, at most one of the first three; and any transforms, which run
 * before them.
 */
export interface ClipOptions {
  /** Each element into [−v, v]. */
  clipvalue?: Threshold;
  /** Each variable's gradient to an L2 norm of at most v. */
  clipnorm?: Threshold;
  /** All gradients jointly to an L2 norm of at most v. */
  globalClipnorm?: Threshold;
  /** The same, as Keras spells it. */
  global_clipnorm?: Threshold;
  clip?: GradientTransform | readonly GradientTransform[];
  /** What a NaN or an infinity in a gradient does. Default: `propagate`. */
  nonFinite?: NonFinitePolicy;
}

/** The option table of the above, for optimizers to include in their own. */
export const clippingFields = {
  clipvalue: threshold({ optional: true }),
  clipnorm: threshold({ optional: true }),
  globalClipnorm: threshold({ optional: true }),
  global_clipnorm: threshold({ optional: true }),
  clip: transform({ optional: true }),
  nonFinite: oneOf(NON_FINITE_POLICIES, 'propagate'),
};

/** The transforms that checked options stand for, in the order in which they run. */
export function clippingTransforms(owner: string, options: Options<typeof clippingFields>): GradientTransform[] {
  const { clipvalue, clipnorm, globalClipnorm, global_clipnorm, clip } = options;
  const named = Object.entries({ clipvalue, clipnorm, globalClipnorm, global_clipnorm })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (named.length > 1)
    throw new TypeError(
      `${owner}: at most one of clipvalue, clipnorm and globalClipnorm may be given, ` +
        `got ${named.map(show).join(' and ')}; several clippings are written as clip: [byValue(…), byNorm(…)]`,
    );
  const jointly = globalClipnorm ?? global_clipnorm;
  return [
    ...(clip ? chainOf(clip) : []),
    ...(clipvalue !== undefined ? [byValue(clipvalue)] : []),
    ...(clipnorm !== undefined ? [byNorm(clipnorm)] : []),
    ...(jointly !== undefined ? [byGlobalNorm(jointly)] : []),
  ];
}
