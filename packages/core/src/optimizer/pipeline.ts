/** The order of a step: the non-finite policy, accumulation, what changes gradients, the update rule, what changes weights. */
import { expected, show } from '../errors';
import { flatten } from '../transform/chain';
import { policyTransforms, type NonFinitePolicy } from '../transform/nonFinite';
import type { GradientTransform } from '../transform/transform';

export interface Pipeline {
  /** Everything that is traced into the step's program. */
  readonly main: readonly GradientTransform[];
  /** What runs on the weights after an optimizer that is not ours. */
  readonly after: readonly GradientTransform[];
  /** Calls that make one step. */
  readonly period: number;
}

export function layPipeline(owner: string, transforms: readonly GradientTransform[], rule: GradientTransform | null, policy: NonFinitePolicy): Pipeline {
  const all = flatten(transforms);
  const gradient = all.filter(({ stage }) => stage === 'gradient'), weight = all.filter(({ stage }) => stage === 'weight');
  const stray = all.find(({ stage }) => stage === 'rule');
  if (stray) throw new TypeError(`${owner}: ${show(stray.kind)} is an update rule, not a gradient transform`);
  const accumulating = gradient.filter(({ period }) => period > 1);
  if (accumulating.length > 1) throw new TypeError(expected(owner, 'transforms', 'with at most one accumulation', accumulating.map(({ kind }) => kind)));
  const main = [...policyTransforms(policy), ...gradient, ...(rule ? [rule, ...weight] : [])];
  return { main, after: rule ? [] : weight, period: accumulating[0]?.period ?? 1 };
}
