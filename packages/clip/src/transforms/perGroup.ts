/** Different clipping for different variables. */
import {
  choose,
  defineTransform,
  fields,
  matching,
  oncePerVariable,
  type GradientTransform,
  type Pattern,
  type VariableInfo,
} from '@clipkit/core';
import { showPattern, showSome } from './showPattern';
import { checkNested } from './nested';

/** Variables by name, and what is done with their gradients. */
export interface Group {
  readonly match: Pattern;
  readonly use: GradientTransform | readonly GradientTransform[];
}

/** More groups than a model has variables. */
const MOST_GROUPS = 1000;
const GROUPS = fields.records({ match: fields.pattern(), use: fields.transform() }, MOST_GROUPS);

/**
 * Gives each variable to the first group whose pattern matches its name; the joint norms inside a group run over that group only.
 *
 * A name counts with and without the `_1` that loading a model may append. Variables in no group go to `rest`, or stay as they are.
 * @param groups match: a variable's whole name, a RegExp, or a list of both; use: a transform or a list
 * @param options rest: what is done with all other variables
 * @throws TypeError on a pattern or transform that is none, or a transform that cannot be nested; RangeError on more
 * than 1000 groups
 * @example
 * perGroup([{ match: /bias$/, use: byValue(1) }, { match: /embedding/, use: byGlobalNorm(0.1) }], { rest: byGlobalNorm(1) })
 */
export const perGroup = defineTransform({
  kind: 'perGroup',
  package: 'clip',
  arguments: (groups: readonly Group[], options: { rest?: Group['use'] } = {}) => ({ ...options, groups }),
  options: { groups: GROUPS, rest: fields.transform({ optional: true }) },
  check: ({ groups, rest }, owner) => {
    groups.forEach(({ use }, index) => {
      checkNested(owner, `groups[${index}].use`, use);
    });
    checkNested(owner, 'rest', rest);
  },
  remarks: (variables, { groups }) => {
    const pick = picker(groups),
      taken = new Set(variables.map(pick));
    const names = showSome(variables.map(({ name }) => name));
    return groups.flatMap(({ match }, index) =>
      taken.has(index)
        ? []
        : [`the group ${showPattern(match)} gets none of the variables that have gradients: ${names}`],
    );
  },
  update({ gradient, apply }, { groups, rest }) {
    const pick = picker(groups),
      uses = [...groups.map(({ use }) => use), ...(rest ? [rest] : [])];
    const branches = uses.map(
      (use, index) => apply(use, String(index), { gradient }, (variable) => pick(variable) === index).gradient,
    );
    return { gradient: choose(pick, [...branches, ...(rest ? [] : [gradient])]) };
  },
});

/** The index of a variable's group; one past the last for those in none. */
function picker(groups: readonly { readonly match: Pattern }[]): (variable: VariableInfo) => number {
  const tests = groups.map(({ match }) => matching(match));
  return oncePerVariable((variable) => {
    const found = tests.findIndex((test) => test(variable));
    return found < 0 ? groups.length : found;
  });
}
