/** What every rule is made of: its learning rate, and exponential averages. */
import { add, fields, mul, type Formula, type StateDeclarations, type Term } from '@clipkit/core';

/** The option that every rule has; the optimizer reads it at each step, so a rule takes the rate from its flow. */
export const learningRate = (fallback: number): ReturnType<typeof fields.threshold> => fields.threshold({ default: fallback });

/** A decay rate of an exponential average: at least 0 and below 1. */
export const decay = (fallback: number): ReturnType<typeof fields.number> => fields.number({ min: 0, below: 1, default: fallback });

export const epsilon = (fallback: number): ReturnType<typeof fields.number> => fields.number({ min: 0, default: fallback });

/** old · β + x · (1 − β), with 1 − β taken in double precision. */
export const average = (beta: number, old: Term, x: Term): Formula => add(mul(beta, old), mul(1 - beta, x));

/** A value per element that starts at zero. */
export const element = { extent: 'element', init: 0 } as const;
/** A value per variable that starts at zero. */
export const each = { extent: 'each', init: 0 } as const;

/**
 * Adam's averages. The corrections are averages of 1, which equal 1 − βᵗ without its cancellation, per variable, so that a
 * layer unfrozen later starts its own count.
 */
export const MOMENTS = { firstMoment: element, secondMoment: element, firstCorrection: each, secondCorrection: each } satisfies StateDeclarations;

export function advanceCorrections(state: Readonly<Record<string, Formula>>, beta1: number, beta2: number): { firstCorrection: Formula; secondCorrection: Formula } {
  return { firstCorrection: average(beta1, state['firstCorrection']!, 1), secondCorrection: average(beta2, state['secondCorrection']!, 1) };
}
