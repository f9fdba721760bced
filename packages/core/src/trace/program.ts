/** What a trace produces: a program of levels, small values and stores, ready for any backend. */
import type { Formula, VariableInfo, VariablePredicate } from '../formula/formula';
import type { StateDeclaration } from '../transform/transform';
import type { Guard } from './guard';

/** A place of state, as a program uses it. */
export interface Slot extends StateDeclaration {
  readonly path: string;
  /** The group that it belongs to; null where every variable has it. */
  readonly only: VariablePredicate | null;
  /** The value after the step; absent where this program only reads it. */
  next?: Formula;
  /** For a tensor of its own shape: whether the new one replaces the old. */
  gate?: Formula;
}
export const belongs = (slot: Slot, variable: VariableInfo): boolean => !slot.only || slot.only(variable);

/**
 * Whether a step on these variables is one for the slot: a group of which no variable has a gradient remembers
 * nothing of it.
 */
export const isTouched = (slot: Slot, variables: readonly VariableInfo[]): boolean =>
  variables.some((variable) => belongs(slot, variable));

/** The norms that reports are made of. */
export interface Observation {
  /** Per variable, before the chain; not finite where the gradient has a NaN or an infinity. */
  readonly raw: Formula;
  /** Per variable, after accumulation and the non-finite policy, before clipping. */
  readonly before: Formula;
  readonly after: Formula;
  readonly totalRaw: Formula;
  readonly totalBefore: Formula;
  readonly totalAfter: Formula;
}

export interface Program {
  readonly slots: ReadonlyMap<string, Slot>;
  /** The values stored per element, beside state. */
  readonly gradient: Formula | null;
  readonly weight: Formula | null;
  readonly valid: Formula;
  /** The gradient's norms are finite: what the policy `throw` asks. */
  readonly raw: Formula | null;
  readonly observation: Observation | null;
  /** What options must be that follow schedules. */
  readonly guards: readonly Guard[];
  /** An accumulating transform only collected: there is no step on this call. */
  readonly halted: boolean;
  readonly levels: number;
  /** All choices in it: their answers make a variable's class. */
  readonly choices: readonly Formula[];
}

/** The branch that a variable takes. */
export function resolve(formula: Formula, variable: VariableInfo): Formula {
  let at = formula;
  while (at.operation === 'choose') at = at.args[(at.attribute as (variable: VariableInfo) => number)(variable)]!;
  return at;
}

/** Every formula that a program has a use for, with or without the choices resolved for one variable. */
export function reachable(roots: Iterable<Formula>, variable?: VariableInfo): Set<Formula> {
  const seen = new Set<Formula>();
  const visit = (formula: Formula): void => {
    const at = variable ? resolve(formula, variable) : formula;
    if (seen.has(at)) return;
    seen.add(at);
    at.args.forEach(visit);
  };
  for (const root of roots) visit(root);
  return seen;
}

/** What a program computes, for all variables or for one. */
export function rootsOf(program: Program, variable?: VariableInfo): Formula[] {
  const { gradient, weight, valid, raw, observation, guards } = program;
  const own = [...program.slots.values()].filter((slot) => !variable || belongs(slot, variable));
  const roots = [
    gradient,
    weight,
    valid,
    raw,
    ...own.flatMap((slot) => [slot.next, slot.gate]),
    ...(Object.values(observation ?? {}) as Formula[]),
    ...guards.flatMap(({ values }) => values),
  ];
  return roots.filter((each): each is Formula => !!each);
}
