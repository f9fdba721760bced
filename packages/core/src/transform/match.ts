/** Matching variables by name: exactly, by regular expression, or by any of a list. */
import type { VariableInfo, VariablePredicate } from '../formula/formula';
import type { Pattern } from './fields';

/**
 * Whether a variable's name is one that the pattern means. Loading a model appends `_1` to names that are taken, so a name
 * counts with and without such an ending.
 */
export function matching(pattern: Pattern): VariablePredicate {
  const tests = ([] as (string | RegExp)[]).concat(pattern as string | RegExp).map((each) => {
    if (typeof each === 'string') return (name: string): boolean => name === each;
    // With the flags g and y a RegExp remembers where it stopped; a name has no such memory.
    const expression = new RegExp(each.source, each.flags.replace(/[gy]/g, ''));
    return (name: string): boolean => expression.test(name);
  });
  return ({ name, canonicalName }: VariableInfo): boolean => tests.some((test) => test(name) || test(canonicalName));
}
