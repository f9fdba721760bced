/** Matching variables by name: exactly, by regular expression, or by any of a list. */
import type { VariableInfo, VariablePredicate } from '../formula/formula';
import { testerOf } from '../patterns';
import type { Pattern } from './fields';

/**
 * Whether a variable's name is one that the pattern means. Loading a model appends `_1` to names that are taken, so
 * a name counts with and without such an ending. Each variable is asked about once.
 */
export function matching(pattern: Pattern): VariablePredicate {
  const list = ([] as (string | RegExp)[]).concat(pattern as string | RegExp);
  const names = new Set(list.filter((each) => typeof each === 'string'));
  const tests = list.filter((each) => typeof each !== 'string').map(testerOf);
  const isMeant = (name: string): boolean => names.has(name) || tests.some((test) => test(name));
  return oncePerVariable(({ name, canonicalName }) => isMeant(name) || isMeant(canonicalName));
}

/** Remembers an answer as long as the variable is known: choices between branches are asked again and again. */
export function oncePerVariable<T>(ask: (variable: VariableInfo) => T): (variable: VariableInfo) => T {
  const known = new WeakMap<VariableInfo, T>();
  return (variable) => {
    let answer = known.get(variable);
    if (answer === undefined) {
      answer = ask(variable);
      known.set(variable, answer);
    }
    return answer;
  };
}
