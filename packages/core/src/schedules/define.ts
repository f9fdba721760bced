/** How a schedule is defined, and the registry that rebuilds one from a saved configuration. */
import { about, show } from '../errors';
import type { Formula } from '../formula/formula';
import { checkOptions, type Fields, type Options } from '../transform/fields';
import { makeSchedule, type Schedule } from './schedule';

type Build = (options: Readonly<Record<string, unknown>>, owner: string) => Schedule;
const kinds = new Map<string, Build>();

/** Defines a schedule: its options, validated by one table wherever they come from, and its formula. */
export function defineSchedule<F extends Fields>(
  kind: string,
  fields: F,
  formula: (step: Formula, options: Options<F>) => Formula,
): (options: unknown, owner?: string) => Schedule {
  const build = (given: unknown, owner = `[core] ${kind}`): Schedule => {
    const options = checkOptions(owner, fields, given);
    return makeSchedule(
      kind,
      () => options as Record<string, unknown>,
      (step) => formula(step, options),
    );
  };
  registerSchedule(kind, build);
  return build;
}

export function registerSchedule(kind: string, build: Build): void {
  kinds.set(kind, build);
}

/** Rebuilds a schedule from its kind and options, as they were saved. */
export function buildSchedule(kind: string, options: Readonly<Record<string, unknown>>, owner: string): Schedule {
  const build = kinds.get(kind);
  if (!build)
    throw new RangeError(about(owner, `unknown schedule ${show(kind)}; known: ${[...kinds.keys()].join(', ')}`));
  return build(options, owner.endsWith('.') ? `${owner}options.` : owner);
}
