/**
 * Binds a program to a list of targets on a device: registers laid out, tapes built, kernels compiled, launches
 * filled in.
 */
import type { Formula } from '../../formula/formula';
import { isTouched, resolve, reachable, rootsOf, type Program, type Slot } from '../../trace/program';
import type { Target } from '../../trace/target';
import type { Reduction } from '../../formula/reductions';
import type { Device, Kernel } from './device';
import { absolute, bindLaunch, prepareKernel, type BoundLaunch, type ClassKernel } from './launch';
import { buildTapes, isSmall, layPhases, ofStep, phases, type Fold, type Phase } from './phases';
import { classKey, planFor, type ClassPlan, type KernelSpec } from './plan';
import type { Tape } from './tape';

/** A class of variables, compiled. */
interface CompiledClass<Place> {
  readonly plan: ClassPlan;
  readonly reductions: readonly (ClassKernel<Place> | null)[];
  readonly map: ClassKernel<Place> | null;
  readonly materials: readonly ClassKernel<Place>[];
  readonly tapes: ReadonlyMap<number, Tape>;
  readonly arrays: ReadonlyMap<Formula, number>;
}

/**
 * Where a number of state is put before the step, and where its successor is found after it; −1 where there is none.
 */
export interface StateRegisters {
  readonly slot: Slot;
  readonly from: number;
  readonly next: number;
  /** The slot's place in records of state, found when the program meets its state. */
  place: number;
}

export interface BoundTarget<Place> {
  readonly index: number;
  readonly base: number;
  readonly plan: ClassPlan;
  readonly arrays: readonly Float64Array[];
  /** One per level, from 1. */
  readonly reductions: readonly (BoundLaunch<Place> | null)[];
  readonly map: BoundLaunch<Place> | null;
  readonly materials: ReadonlyMap<Formula, BoundLaunch<Place>>;
  /** Which of the map's outputs are the changed gradient and the variable itself; −1 where it has none. */
  readonly gradientOutput: number;
  readonly weightOutput: number;
  readonly state: readonly StateRegisters[];
}

export interface Binding<Place> {
  readonly registers: Float64Array;
  readonly targets: readonly BoundTarget<Place>[];
  /** Phases of each level, from 0. */
  readonly levels: readonly (readonly Phase[])[];
  readonly params: readonly { readonly register: number; readonly read: ((step: number) => number) | null }[];
  readonly stepState: readonly StateRegisters[];
  /** Custom nodes that run once a step, by level. */
  readonly customs: readonly (readonly Formula[])[];
  /** Small values that are outputs of custom nodes. */
  readonly items: readonly Formula[];
  /** The register of a small value of the step, or of a target. */
  register(formula: Formula, target?: number): number;
}

export function bind<Place>(
  program: Program,
  targets: readonly Target[],
  device: Device<unknown, Place>,
): Binding<Place> {
  const all = [...reachable(rootsOf(program))];
  const scalars = all.filter((each) => isSmall(each) && ofStep(each));
  const perTarget = all.filter((each) => isSmall(each) && !ofStep(each) && each.operation !== 'choose');
  const scalarRegister = new Map(scalars.map((each, index) => [each, index]));
  const ownRegister = new Map(perTarget.map((each, index) => [each, index]));
  const width = perTarget.length;
  const registers = new Float64Array(scalars.length + width * targets.length);
  for (const each of scalars)
    if (each.operation === 'const') registers[scalarRegister.get(each)!] = each.attribute as number;

  const phaseOf = phases([...scalars, ...all.filter((each) => isSmall(each) && !ofStep(each))]);
  /** An operand: ~register of the step, or register in a target's block. */
  const operand = (formula: Formula): number =>
    ofStep(formula) ? ~scalarRegister.get(formula)! : ownRegister.get(formula)!;

  const compileSpec = (spec: KernelSpec): Kernel<Place> => device.compile(spec);
  const classes = new Map<string, CompiledClass<Place>>();
  const compile = (target: Target): CompiledClass<Place> => {
    const key = classKey(program, target);
    let found = classes.get(key);
    if (!found) {
      const plan = planFor(program, target, key);
      const tapes = buildTapes(plan, phaseOf, operand);
      const prepare = (spec: KernelSpec): ClassKernel<Place> => prepareKernel(spec, compileSpec, operand, tapes.arrays);
      found = {
        plan,
        reductions: plan.reductions.map((spec) => spec && prepare(spec)),
        map: plan.map && prepare(plan.map),
        materials: plan.materials.map(({ spec }) => prepare(spec)),
        ...tapes,
      };
      classes.set(key, found);
    }
    return found;
  };

  const compiled = targets.map(compile);
  const bound = targets.map((target, index): BoundTarget<Place> => {
    const { plan, reductions, map, materials, arrays } = compiled[index]!;
    const base = scalars.length + index * width;
    for (const each of plan.small)
      if (each.operation === 'size')
        registers[base + ownRegister.get(each)!] = each.attribute === 'each' ? target.size : target.rows * target.inner;
    const values = Array.from({ length: arrays.size }, () => new Float64Array(target.units));
    const launch = (kernel: ClassKernel<Place> | null): BoundLaunch<Place> | null =>
      kernel && bindLaunch(kernel, target, values);
    return {
      index,
      base,
      plan,
      arrays: values,
      reductions: reductions.map(launch),
      map: launch(map),
      materials: new Map(
        plan.materials.map(({ formula }, at) => [formula, bindLaunch(materials[at]!, target, values)]),
      ),
      gradientOutput: plan.destinations.findIndex(({ to }) => to === 'gradient'),
      weightOutput: plan.destinations.findIndex(({ to }) => to === 'weight'),
      state: stateRegisters(plan.slots, 'each', plan.small, (each) => absolute(operand(plan.resolve(each)), base)),
    };
  });

  const foldOf = (formula: Formula): Fold => ({
    kind: formula.attribute as Reduction,
    out: scalarRegister.get(formula)!,
    registers: Int32Array.from(bound, ({ base }, index) =>
      absolute(operand(resolve(formula.args[0]!, targets[index]!)), base),
    ),
  });

  return {
    registers,
    targets: bound,
    levels: layPhases(
      program.levels,
      phaseOf,
      scalars,
      scalarRegister,
      foldOf,
      compiled.map(({ tapes }) => tapes),
    ),
    params: scalars
      .filter((each) => each.operation === 'param')
      .map((each) => ({
        register: scalarRegister.get(each)!,
        read: each.attribute === 'step' ? null : (each.attribute as (step: number) => number),
      })),
    stepState: stateRegisters(
      [...program.slots.values()].filter((slot) => isTouched(slot, targets)),
      'scalar',
      scalars,
      (each) => scalarRegister.get(each)!,
    ),
    customs: Array.from({ length: program.levels }, (_, index) =>
      all.filter((each) => each.operation === 'custom' && each.extent === 'scalar' && each.level === index + 1),
    ),
    items: all.filter((each) => each.operation === 'item' && isSmall(each)),
    register(formula, target) {
      if (target === undefined) return scalarRegister.get(formula)!;
      return absolute(operand(resolve(formula, targets[target]!)), bound[target]!.base);
    },
  };
}

/** A slot whose old value nobody reads has nothing to load; one without a successor is only read. */
function stateRegisters(
  slots: readonly Slot[],
  extent: 'each' | 'scalar',
  small: readonly Formula[],
  register: (formula: Formula) => number,
): StateRegisters[] {
  return slots
    .filter((slot) => slot.extent === extent && !slot.shape)
    .flatMap((slot) => {
      const leaf = small.find((each) => each.operation === 'state' && each.attribute === slot.path);
      return leaf ? [{ slot, from: register(leaf), next: slot.next ? register(slot.next) : -1, place: -1 }] : [];
    });
}
