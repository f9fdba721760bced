/** What happens to gradients with a NaN or an infinity: the policies, two of which are transforms before all others. */
import { and, finite, select } from '../formula/functions';
import { norm } from '../formula/reductions';
import { defineTransform } from './define';
import { type GradientTransform } from './transform';

/**
 * `propagate`: the failure shows, as TensorFlow documents for clip_by_global_norm. `zero`: such elements become 0.
 * `skip`: the step changes nothing. `throw`: an error names the variables, before anything changed.
 */
export const NON_FINITE_POLICIES = ['propagate', 'zero', 'skip', 'throw'] as const;
export type NonFinitePolicy = (typeof NON_FINITE_POLICIES)[number];

const zero = defineTransform({
  kind: 'nonFiniteZero',
  package: 'core',
  arguments: () => ({}),
  options: {},
  update: ({ gradient }) => ({ gradient: select(finite(gradient), gradient, 0) }),
});

const skip = defineTransform({
  kind: 'nonFiniteSkip',
  package: 'core',
  arguments: () => ({}),
  options: {},
  update: ({ gradient, valid }) => ({ valid: and(valid, finite(norm(gradient, 'scalar'))) }),
});

export const policyTransforms = (policy: NonFinitePolicy): GradientTransform[] =>
  policy === 'zero' ? [zero()] : policy === 'skip' ? [skip()] : [];
