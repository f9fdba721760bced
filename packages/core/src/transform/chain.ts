/** Transforms one after another as one transform, to be nested or shared; a plain list means the same. */
import { defineTransform } from './define';
import { chainOf, type GradientTransform } from './transform';
import { transform } from './fields';

const define = defineTransform({
  kind: 'chain',
  package: 'core',
  arguments: (transforms: readonly GradientTransform[]) => ({ transforms }),
  options: { transforms: transform() },
  update: ({ gradient, apply }, { transforms }) => ({ gradient: apply(transforms, 'chain', { gradient }).gradient }),
});

/** Runs transforms in their order: the second sees what the first made of the gradient. */
export const chain = (
  ...transforms: readonly (GradientTransform | readonly GradientTransform[])[]
): GradientTransform => define(transforms.flatMap(chainOf));

/**
 * A chain at the top is the same as its list; there, transforms of the weight stage and accumulation find their
 * places.
 */
export const flatten = (how: GradientTransform | readonly GradientTransform[]): GradientTransform[] =>
  chainOf(how).flatMap((each) =>
    each.kind === 'chain' ? flatten(each.options['transforms'] as GradientTransform[]) : [each],
  );
