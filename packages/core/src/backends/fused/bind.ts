/** Binds a program to a list of targets on a device: registers laid out, tapes built, kernels compiled, launches filled in. */
import type { Formula } from '../../formula/formula';
import { resolve, reachable, rootsOf, type Program, type Slot } from '../../trace/program';
import type { Target } from '../../trace/target';
import type { ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import type { Device, Kernel, Launch } from './device';
import { classKey, planClass, type ClassPlan, type KernelSpec } from './plan';
import { TapeBuilder, type Tape, type UnitOperand } from './tape';

/** A class of variables, compiled. */
interface CompiledClass<Handle> {
  readonly plan: ClassPlan;
  readonly reductions: readonly (Kernel<Handle> | null)[];
  readonly map: Kernel<Handle> | null;
  readonly materials: readonly Kernel<Handle>[];
  readonly tapes: ReadonlyMap<number, Tape>;
  readonly arrays: ReadonlyMap<Formula, number>;
}

/** A launch of one kernel on one target, with what must be looked up again each step. */
export interface BoundLaunch<Handle> {
  readonly kernel: Kernel<Handle>;
  readonly launch: Launch<Handle>;
  /** Inputs that are slots of state: their buffers stay. */
  readonly slots: readonly LiveInput[];
  /** Inputs whose buffers must be looked up each step. */
  readonly live: readonly LiveInput[];
  /** Registers of the uniforms; copied into the launch each time. */
  readonly uniforms: Int32Array;
  /** Registers that results are copied to. */
  readonly results: Int32Array;
}

/** An input of a launch: its place among them, and where its tensor comes from. */
export interface LiveInput {
  readonly at: number;
  readonly from: 'gradient' | 'weight' | 'item' | 'state';
  readonly leaf: Formula;
}

/** Where a number of state is put before the step, and where its successor is found after it; −1 where there is none. */
export interface StateRegisters {
  readonly slot: Slot;
  readonly from: number;
  readonly next: number;
  /** The slot's place in records of state, found when the program meets its state. */
  place: number;
}

export interface BoundTarget<Handle> {
  readonly index: number;
  readonly base: number;
  readonly plan: ClassPlan;
  readonly arrays: readonly Float64Array[];
  /** One per level, from 1. */
  readonly reductions: readonly (BoundLaunch<Handle> | null)[];
  readonly map: BoundLaunch<Handle> | null;
  readonly materials: ReadonlyMap<Formula, BoundLaunch<Handle>>;
  /** Which of the map's outputs are the changed gradient and the variable itself; −1 where it has none. */
  readonly gradientOutput: number;
  readonly weightOutput: number;
  readonly state: readonly StateRegisters[];
}

export type Phase = { readonly kind: 'step'; readonly tape: Tape; readonly folds: readonly Fold[] } | { readonly kind: 'targets'; readonly tapes: readonly (Tape | undefined)[] };
export interface Fold {
  readonly kind: Reduction;
  readonly registers: Int32Array;
  readonly out: number;
}

export interface Binding<Handle> {
  readonly registers: Float64Array;
  readonly targets: readonly BoundTarget<Handle>[];
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

const isSmall = (formula: Formula): boolean => formula.extent !== 'element' && !formula.opaque && formula.operation !== 'custom';
const ofStep = (formula: Formula): boolean => formula.extent === 'scalar';

export function bind<Handle>(program: Program, targets: readonly Target[], device: Device<Handle>): Binding<Handle> {
  const all = [...reachable(rootsOf(program))];
  const scalars = all.filter((each) => isSmall(each) && ofStep(each));
  const perTarget = all.filter((each) => isSmall(each) && !ofStep(each) && each.operation !== 'choose');
  const scalarRegister = new Map(scalars.map((each, index) => [each, index]));
  const ownRegister = new Map(perTarget.map((each, index) => [each, index]));
  const width = perTarget.length;
  const registers = new Float64Array(scalars.length + width * targets.length);
  for (const each of scalars) if (each.operation === 'const') registers[scalarRegister.get(each)!] = each.attribute as number;

  const phaseOf = phases([...scalars, ...all.filter((each) => isSmall(each) && !ofStep(each))]);
  /** An operand: ~register of the step, or register in a target's block. */
  const operand = (formula: Formula): number => (ofStep(formula) ? ~scalarRegister.get(formula)! : ownRegister.get(formula)!);

  const classes = new Map<string, CompiledClass<Handle>>();
  const compile = (target: Target): CompiledClass<Handle> => {
    const key = classKey(program, target);
    let found = classes.get(key);
    if (!found) {
      const plan = planClass(program, target);
      found = {
        plan,
        reductions: plan.reductions.map((spec) => spec && device.compile(spec)),
        map: plan.map && device.compile(plan.map),
        materials: plan.materials.map(({ spec }) => device.compile(spec)),
        ...buildTapes(plan, phaseOf, operand),
      };
      classes.set(key, found);
    }
    return found;
  };

  const bound = targets.map((target, index): BoundTarget<Handle> => {
    const { plan, reductions, map, materials, arrays } = compile(target);
    const base = scalars.length + index * width;
    for (const each of plan.small) if (each.operation === 'size') registers[base + ownRegister.get(each)!] = each.attribute === 'each' ? target.size : target.rows * target.inner;
    const values = Array.from({ length: arrays.size }, () => new Float64Array(target.units));
    const launch = (spec: KernelSpec | null, kernel: Kernel<Handle> | null): BoundLaunch<Handle> | null => spec && kernel && bindLaunch(spec, kernel, target, operand, base, arrays, values);
    return {
      index, base, plan, arrays: values,
      reductions: plan.reductions.map((spec, level) => launch(spec, reductions[level]!)),
      map: launch(plan.map, map),
      materials: new Map(plan.materials.map(({ formula, spec }, at) => [formula, launch(spec, materials[at]!)!])),
      gradientOutput: plan.destinations.findIndex(({ to }) => to === 'gradient'),
      weightOutput: plan.destinations.findIndex(({ to }) => to === 'weight'),
      state: stateRegisters(plan.slots, 'each', plan.small, (each) => absolute(operand(plan.resolve(each)), base)),
    };
  });

  const foldOf = (formula: Formula): Fold => ({
    kind: formula.attribute as Reduction,
    out: scalarRegister.get(formula)!,
    registers: Int32Array.from(bound, ({ base }, index) => absolute(operand(resolve(formula.args[0]!, targets[index]!)), base)),
  });

  return {
    registers,
    targets: bound,
    levels: layPhases(program.levels, phaseOf, scalars, scalarRegister, foldOf, targets.map((target) => compile(target).tapes)),
    params: scalars.filter((each) => each.operation === 'param').map((each) => ({ register: scalarRegister.get(each)!, read: each.attribute === 'step' ? null : each.attribute as (step: number) => number })),
    stepState: stateRegisters([...program.slots.values()], 'scalar', scalars, (each) => scalarRegister.get(each)!),
    customs: Array.from({ length: program.levels }, (_, index) => all.filter((each) => each.operation === 'custom' && each.extent === 'scalar' && each.level === index + 1)),
    items: all.filter((each) => each.operation === 'item' && isSmall(each)),
    register(formula, target) {
      if (target === undefined) return scalarRegister.get(formula)!;
      return absolute(operand(resolve(formula, targets[target]!)), bound[target]!.base);
    },
  };
}

const absolute = (operand: number, base: number): number => (operand < 0 ? ~operand : base + operand);

/** A slot whose old value nobody reads has nothing to load; one without a successor is only read. */
function stateRegisters(slots: readonly Slot[], extent: 'each' | 'scalar', small: readonly Formula[], register: (formula: Formula) => number): StateRegisters[] {
  return slots.filter((slot) => slot.extent === extent && !slot.shape).flatMap((slot) => {
    const leaf = small.find((each) => each.operation === 'state' && each.attribute === slot.path);
    return leaf ? [{ slot, from: register(leaf), next: slot.next ? register(slot.next) : -1, place: -1 }] : [];
  });
}

/**
 * When each small value can be computed: by level, and within a level in turns, values of the step on even turns and
 * values of the variables on odd ones.
 */
function phases(formulas: readonly Formula[]): (formula: Formula) => number {
  const known = new Map<Formula, number>();
  const phaseOf = (formula: Formula): number => {
    const found = known.get(formula);
    if (found !== undefined) return found;
    let turn = ofStep(formula) ? 0 : 1;
    for (const arg of formula.args) {
      if (arg.level !== formula.level || !isSmall(arg)) continue;
      turn = Math.max(turn, ofStep(arg) === ofStep(formula) ? phaseOf(arg) : phaseOf(arg) + 1);
    }
    known.set(formula, turn);
    return turn;
  };
  formulas.forEach(phaseOf);
  return phaseOf;
}

const tapeKey = (level: number, turn: number): number => level * 1024 + turn;

function layPhases(levels: number, phaseOf: (formula: Formula) => number, scalars: readonly Formula[], registerOf: ReadonlyMap<Formula, number>, foldOf: (formula: Formula) => Fold, tapes: readonly ReadonlyMap<number, Tape>[]): Phase[][] {
  return Array.from({ length: levels + 1 }, (_, level) => {
    const here: Phase[] = [];
    const mine = scalars.filter((each) => each.level === level && (each.operation === 'reduce' || computes(each)));
    for (let turn = 0; turn <= MOST_TURNS; turn++) {
      if (turn % 2 === 1) {
        const own = tapes.map((each) => each.get(tapeKey(level, turn)));
        if (own.some(Boolean)) here.push({ kind: 'targets', tapes: own });
        continue;
      }
      const now = mine.filter((each) => phaseOf(each) === turn).sort((a, b) => a.id - b.id);
      if (!now.length) continue;
      const builder = new TapeBuilder();
      for (const each of now) if (each.operation !== 'reduce') builder.arithmetic(each, ~registerOf.get(each)!, each.args.map((arg) => ~registerOf.get(arg)!));
      here.push({ kind: 'step', tape: builder.build(), folds: now.filter((each) => each.operation === 'reduce').map(foldOf) });
    }
    return here;
  });
}
const MOST_TURNS = 15;

const computes = (formula: Formula): boolean => !['const', 'param', 'state', 'item', 'size', 'choose', 'custom', 'input'].includes(formula.operation);

function buildTapes(plan: ClassPlan, phaseOf: (formula: Formula) => number, operand: (formula: Formula) => number): { tapes: Map<number, Tape>; arrays: Map<Formula, number> } {
  const arrays = new Map<Formula, number>();
  for (const each of plan.small) if (plan.isUnit(each)) arrays.set(each, arrays.size);
  const builders = new Map<number, TapeBuilder>();
  for (const each of plan.small) {
    if (each.operation === 'reduce' && plan.resolve(each.args[0]!).extent === 'element') continue; // a kernel's result
    if (each.operation !== 'reduce' && !computes(each)) continue;
    const turn = phaseOf(each);
    if (turn > MOST_TURNS) throw new RangeError('[core] trace: the transform goes back and forth between the whole step and single variables more often than a program can');
    const key = tapeKey(each.level, turn);
    if (!builders.has(key)) builders.set(key, new TapeBuilder());
    const builder = builders.get(key)!, args = each.args.map(plan.resolve);
    const unitArgs = (): UnitOperand[] => args.map((arg) => (arrays.has(arg) ? { array: arrays.get(arg)! } : { register: operand(arg) }));
    if (each.operation === 'reduce') {
      if (arrays.has(args[0]!)) builder.units({ operation: null, reduction: each.attribute as Reduction, args: unitArgs(), out: operand(each) });
      else if (arrays.has(each)) builder.units({ operation: each.attribute === 'norm' ? 'abs' : 'max', reduction: null, args: [...unitArgs(), ...unitArgs()], out: arrays.get(each)! });
      else builder.alias(operand(each), operand(args[0]!), each.attribute as Reduction);
    } else if (arrays.has(each)) builder.units({ operation: each.operation as ArithmeticOperation, reduction: null, args: unitArgs(), out: arrays.get(each)! });
    else builder.arithmetic(each, operand(each), args.map(operand));
  }
  return { tapes: new Map([...builders].map(([key, builder]) => [key, builder.build()])), arrays };
}

export const sourceOf = (leaf: Formula): LiveInput['from'] => (leaf.operation === 'input' ? leaf.attribute : leaf.operation) as LiveInput['from'];

function bindLaunch<Handle>(spec: KernelSpec, kernel: Kernel<Handle>, target: Target, operand: (formula: Formula) => number, base: number, arrays: ReadonlyMap<Formula, number>, values: readonly Float64Array[]): BoundLaunch<Handle> {
  const inputs = spec.inputs.map((leaf, at): LiveInput => ({ at, leaf, from: sourceOf(leaf) }));
  const perUnit = spec.units.length > 0 || spec.reduces.some((each) => spec.isUnit(each));
  return {
    kernel,
    slots: inputs.filter(({ from }) => from === 'state'),
    live: inputs.filter(({ from }) => from !== 'state'),
    uniforms: Int32Array.from(spec.uniforms, (each) => absolute(operand(each), base)),
    results: Int32Array.from(spec.reduces, (each) => (spec.isUnit(each) ? -1 : base + operand(each))),
    launch: {
      inputs: [], outputs: [],
      uniforms: new Float64Array(spec.uniforms.length),
      units: spec.units.map((each) => values[arrays.get(each)!]!),
      results: new Float64Array(spec.reduces.length),
      unitResults: spec.reduces.map((each) => (spec.isUnit(each) ? values[arrays.get(each)!]! : null)),
      rows: perUnit ? target.rows : 1,
      columns: perUnit ? target.units : target.size,
      inner: perUnit ? target.inner : 1,
    },
  };
}
