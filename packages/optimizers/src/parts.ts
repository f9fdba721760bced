/** What rules have in common: exponential averages, their corrections, and the fields of their options. */
import { add, div, fields, mul, sqrt, type Field, type Formula, type StateDeclarations, type Term } from '@clipkit/core';

/** A decay rate of an exponential average: at least 0 and below 1. */
export const decayRate = (fallback: number): Field<number> => fields.number({ min: 0, below: 1, default: fallback });

export const nonNegative = (fallback: number): Field<number> => fields.number({ min: 0, finite: true, default: fallback });

/** beta old + (1 - beta) x, with 1 - beta taken in double precision. */
export const average = (beta: number, old: Term, x: Term): Formula => add(mul(beta, old), mul(1 - beta, x));

/** State: a value per element, and one per variable, that start at zero. */
export const element = { extent: 'element', init: 0 } as const;
export const each = { extent: 'each', init: 0 } as const;

/**
 * Adam's averages. Corrections are averages of 1, which equal 1 - beta^t without its cancellation; there is one per
 * variable, so that a layer unfrozen later starts its own count.
 */
export const MOMENTS = { firstMoment: element, secondMoment: element, firstCorrection: each, secondCorrection: each } satisfies StateDeclarations;

type Moments = { readonly [K in keyof typeof MOMENTS]: Formula };

/** The averages after this step's gradient. */
export function advanceMoments(state: Readonly<Record<string, Formula>>, gradient: Formula, beta1: number, beta2: number): Moments {
  return {
    firstMoment: average(beta1, state['firstMoment']!, gradient),
    secondMoment: average(beta2, state['secondMoment']!, mul(gradient, gradient)),
    firstCorrection: average(beta1, state['firstCorrection']!, 1),
    secondCorrection: average(beta2, state['secondCorrection']!, 1),
  };
}

/** sqrt(v / c) + eps: one root an element, since 1 / sqrt(c) is a small value. */
export const correctedRoot = (secondMoment: Formula, correction: Formula, epsilon: number): Formula =>
  add(mul(sqrt(secondMoment), div(1, sqrt(correction))), epsilon);

/** rate / c m / (sqrt(v / c') + eps), Adam's step: one division and one root an element. */
export const adamStep = (rate: Term, { firstMoment, firstCorrection, secondMoment, secondCorrection }: Moments, epsilon: number): Formula =>
  div(mul(div(rate, firstCorrection), firstMoment), correctedRoot(secondMoment, secondCorrection, epsilon));
