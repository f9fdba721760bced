/**
 * The order of a step: the non-finite policy, accumulation, what changes gradients, the update rule, what changes
 * weights.
 */
import { expected, show } from '../errors';
import { flatten } from '../transform/chain';
import { checkNestedTransforms, nestedTransforms } from '../transform/nested';
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

export function layPipeline(
  owner: string,
  transforms: readonly GradientTransform[],
  rule: GradientTransform | null,
  policy: NonFinitePolicy,
): Pipeline {
  const all = flatten(transforms);
  const gradient = all.filter(({ stage }) => stage === 'gradient'),
    weight = all.filter(({ stage }) => stage === 'weight');
  const stray = all.find(({ stage }) => stage === 'rule');
  if (stray) throw new TypeError(`${owner}: ${show(stray.kind)} is an update rule, not a gradient transform`);
  const accumulating = gradient.filter(({ period }) => period > 1);
  if (accumulating.length > 1)
    throw new TypeError(
      expected(
        owner,
        'transforms',
        'with at most one accumulation',
        accumulating.map(({ kind }) => kind),
      ),
    );
  for (const each of [...all, ...(rule ? [rule] : [])]) {
    checkNestedTransforms(owner, `a transform in ${each.kind}`, Object.values(each.options), each.stage);
  }
  checkRemembered(owner, [...all, ...(rule ? [rule] : [])]);
  const main = [...policyTransforms(policy), ...gradient, ...(rule ? [rule, ...weight] : [])];
  return { main, after: rule ? [] : weight, period: accumulating[0]?.period ?? 1 };
}

/** Numbers that transforms remember beside the variables: a window of norms costs memory, and time in each step. */
const MOST_REMEMBERED = 1_000_000;

function checkRemembered(owner: string, transforms: readonly GradientTransform[]): void {
  const shapes = nestedTransforms(transforms).flatMap(({ state }) => Object.values(state).map(({ shape }) => shape));
  const remembered = shapes.reduce(
    (all, shape) => all + (Array.isArray(shape) ? shape.reduce((size: number, axis: number) => size * axis, 1) : 0),
    0,
  );
  if (remembered > MOST_REMEMBERED)
    throw new RangeError(
      `${owner}: the transforms may remember at most ${MOST_REMEMBERED} numbers together, got ${remembered}; use ` +
        `fewer or shorter windows`,
    );
}
