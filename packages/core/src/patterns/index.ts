/** Patterns of names that come from a file: the same regular expressions, matched in linear time. */
import { about, show } from '../errors';
import { PatternProgram, sizeOf } from './program';
import { readExpression } from './syntax';

/** What all patterns of one configuration may need together; reading a pattern takes its share. */
export interface PatternBudget {
  states: number;
  looks: number;
}

/** About one for each character of a pattern; a name is tested in at most about so many looks a character. */
const MOST_STATES = 10_000;
/** At states, for all names together; what is known already does not count. They take a fraction of a second. */
const MOST_LOOKS = 5_000_000;

/** That of one configuration. */
export const patternBudget = (): PatternBudget => ({ states: MOST_STATES, looks: MOST_LOOKS });

/** Longer ones are not names of variables. */
export const MOST_CHARACTERS = 10_000;

const programs = new WeakMap<RegExp, PatternProgram>();

/**
 * Makes a RegExp from data that a stranger wrote. It shows and saves itself like any other, and `matching` tests it in
 * linear time.
 * @param owner who or what place of a file says so, for errors
 * @throws TypeError where it is none, or one that only back-tracking can match; RangeError where it is too large
 */
export function readPattern(
  owner: string,
  source: string,
  flags: string,
  budget: PatternBudget = patternBudget(),
): RegExp {
  if (source.length > MOST_CHARACTERS)
    throw new RangeError(about(owner, `a pattern has at most ${MOST_CHARACTERS} characters, got ${source.length}`));
  const refuse = (what: string): never => {
    throw new TypeError(
      about(
        owner,
        `the pattern ${show(source)} has ${what}, which a pattern from a configuration cannot have, since it is ` +
          `matched in linear time; write it without, as several patterns, or list the names`,
      ),
    );
  };
  const pattern = native(owner, source, flags);
  if (flags.includes('v')) refuse('the flag v');
  if (flags.includes('i') && flags.includes('u')) refuse('the flags i and u together');
  const expression = readExpression(pattern.source, flags, refuse);
  budget.states -= sizeOf(expression) + 1;
  if (!(budget.states >= 0)) {
    throw new RangeError(
      about(
        owner,
        `the patterns of a configuration may need ${MOST_STATES} states together, and ${show(source)} is more than ` +
          `is left; repeat less often, or list the names`,
      ),
    );
  }
  const look = (): void => {
    budget.looks -= 1;
    if (budget.looks >= 0) return;
    throw new RangeError(
      `[core] matching: the patterns of a saved configuration are too expensive for these names of variables, at ` +
        `${show(source)}; write it shorter, or list the names`,
    );
  };
  programs.set(pattern, new PatternProgram(expression, flags, look));
  return pattern;
}

/** The language's own parser says whether it is a regular expression at all; it matches nothing yet. */
function native(owner: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new TypeError(about(owner, `${show(source)} with the flags ${show(flags)} is not a regular expression`), {
      cause: error,
    });
  }
}

/** Tests whether a pattern occurs in a text: in linear time if it was read from data, else as the language does. */
export function testerOf(pattern: RegExp): (text: string) => boolean {
  const program = programs.get(pattern);
  if (program) return (text) => program.test(text);
  // With the flags g and y a RegExp remembers where it stopped; a name has no such memory.
  const expression = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return (text) => expression.test(text);
}
