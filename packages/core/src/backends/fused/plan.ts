/**
 * Splits a program, for one class of variables, into kernels and small values.
 *
 * Variables whose choices, layout and state agree form a class: they share kernels and the order in which small
 * values are computed.
 */
import type { Formula, VariableInfo } from '../../formula/formula';
import { belongs, reachable, resolve, rootsOf, type Program, type Slot } from '../../trace/program';

/** One pass over a variable's memory, as a device compiles it. Everything in it is resolved for the class. */
export interface KernelSpec {
  /** Values stored per element; empty in a reduction. */
  readonly stores: readonly Formula[];
  /** Reductions accumulated; empty in a map. */
  readonly reduces: readonly Formula[];
  /** Tensors read. */
  readonly inputs: readonly Formula[];
  /** Small values that are one number per variable in this kernel. */
  readonly uniforms: readonly Formula[];
  /** Small values that are one number per output unit. */
  readonly units: readonly Formula[];
  /** Whether a reduction leaves one result per unit. */
  isUnit(formula: Formula): boolean;
  resolve(formula: Formula): Formula;
}

/** Where a stored value goes. */
export type Destination = { readonly to: 'gradient' | 'weight' } | { readonly to: 'state'; readonly slot: Slot };

export interface ClassPlan {
  /** The reductions of each level, from 1. */
  readonly reductions: readonly (KernelSpec | null)[];
  readonly map: KernelSpec | null;
  readonly destinations: readonly Destination[];
  /** Per-variable small values of this class, in the order of computation. */
  readonly small: readonly Formula[];
  /** Custom nodes of each level, called once a variable. */
  readonly customs: readonly (readonly Formula[])[];
  /** Computed values that custom nodes take, each written to a tensor of its own first. */
  readonly materials: readonly { readonly formula: Formula; readonly spec: KernelSpec }[];
  readonly slots: readonly Slot[];
  resolve(formula: Formula): Formula;
  isUnit(formula: Formula): boolean;
}

/** Equal keys mean one class. */
export function classKey(program: Program, variable: VariableInfo): string {
  const shape = variable.units === 1 ? 'flat' : variable.inner === 1 ? 'rows' : 'inner';
  const members = [...program.slots.values()].map((slot) => Number(belongs(slot, variable)));
  const answers = program.choices.map((choice) => (choice.attribute as (variable: VariableInfo) => number)(variable));
  return `${shape}|${answers.join()}|${members.join('')}`;
}

const plans = new WeakMap<Program, Map<string, ClassPlan>>();

/** The plan for a variable's class, made once. */
export function planFor(program: Program, variable: VariableInfo, key: string): ClassPlan {
  let ofProgram = plans.get(program);
  if (!ofProgram) plans.set(program, (ofProgram = new Map()));
  let plan = ofProgram.get(key);
  if (!plan) ofProgram.set(key, (plan = planClass(program, variable)));
  return plan;
}

/** Passes over a variable's memory. */
export const passesOf = ({ reductions, map, materials }: ClassPlan): number =>
  reductions.filter(Boolean).length + Number(map !== null) + materials.length;

export function planClass(program: Program, variable: VariableInfo): ClassPlan {
  const take = (formula: Formula): Formula => resolve(formula, variable);
  const isUnit = (formula: Formula): boolean => formula.extent === 'unit' && variable.units > 1;
  const slots = [...program.slots.values()].filter((slot) => belongs(slot, variable));
  const all = [...reachable(rootsOf(program, variable), variable)];

  const kernel = (stores: readonly Formula[], reduces: readonly Formula[]): KernelSpec => {
    const inputs: Formula[] = [],
      uniforms: Formula[] = [],
      units: Formula[] = [],
      seen = new Set<Formula>();
    const visit = (formula: Formula): void => {
      const at = take(formula);
      if (seen.has(at) || at.operation === 'const') return;
      seen.add(at);
      if (at.extent !== 'element') (isUnit(at) ? units : uniforms).push(at);
      else if (isLeaf(at)) inputs.push(at);
      else at.args.forEach(visit);
    };
    [...stores, ...reduces.map((each) => each.args[0]!)].forEach(visit);
    return { stores, reduces, inputs, uniforms, units, isUnit, resolve: take };
  };

  const levels = Array.from({ length: program.levels }, (_, index) => index + 1);
  const ofElements = (formula: Formula): boolean =>
    formula.operation === 'reduce' && take(formula.args[0]!).extent === 'element';
  const reductions = levels.map((level) => {
    const reduces = all.filter((each) => ofElements(each) && each.level === level);
    return reduces.length ? kernel([], reduces) : null;
  });

  const stores: Formula[] = [],
    destinations: Destination[] = [];
  const store = (value: Formula, destination: Destination): void => {
    stores.push(take(value));
    destinations.push(destination);
  };
  if (program.gradient) store(program.gradient, { to: 'gradient' });
  if (program.weight) store(program.weight, { to: 'weight' });
  for (const slot of slots) {
    if (slot.extent !== 'element' || slot.shape || !slot.next) continue;
    const next = take(slot.next);
    if (next.operation !== 'state' || next.attribute !== slot.path) store(next, { to: 'state', slot });
  }

  const customs = all.filter((each) => each.operation === 'custom' && each.extent === 'each');
  const materials = new Set(
    customs.flatMap((each) => each.args.map(take)).filter((each) => each.extent === 'element' && !isLeaf(each)),
  );
  return {
    reductions,
    map: stores.length ? kernel(stores, []) : null,
    destinations,
    small: all
      .filter(
        (each) => (each.extent === 'each' || each.extent === 'unit') && !each.opaque && each.operation !== 'custom',
      )
      .sort((a, b) => a.id - b.id),
    customs: levels.map((level) => customs.filter((each) => each.level === level)),
    materials: [...materials].map((formula) => ({ formula, spec: kernel([formula], []) })),
    slots,
    resolve: take,
    isUnit,
  };
}

export const isLeaf = (formula: Formula): boolean =>
  formula.operation === 'input' || formula.operation === 'state' || formula.operation === 'item';
