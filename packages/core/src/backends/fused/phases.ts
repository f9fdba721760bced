/** The order of small values: by level, and within a level in turns between those of the step and those of the variables. */
import type { Formula } from '../../formula/formula';
import type { ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import type { ClassPlan } from './plan';
import { TapeBuilder, type Tape, type UnitOperand } from './tape';

export type Phase = { readonly kind: 'step'; readonly tape: Tape; readonly folds: readonly Fold[] } | { readonly kind: 'targets'; readonly tapes: readonly (Tape | undefined)[] };
export interface Fold {
  readonly kind: Reduction;
  readonly registers: Int32Array;
  readonly out: number;
}

export const isSmall = (formula: Formula): boolean => formula.extent !== 'element' && !formula.opaque && formula.operation !== 'custom';
export const ofStep = (formula: Formula): boolean => formula.extent === 'scalar';

/**
 * When each small value can be computed: by level, and within a level in turns, values of the step on even turns and
 * values of the variables on odd ones.
 */
export function phases(formulas: readonly Formula[]): (formula: Formula) => number {
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

/** More turns than any level has. */
const TURNS = 2 ** 20;
const tapeKey = (level: number, turn: number): number => level * TURNS + turn;

export function layPhases(levels: number, phaseOf: (formula: Formula) => number, scalars: readonly Formula[], registerOf: ReadonlyMap<Formula, number>, foldOf: (formula: Formula) => Fold, tapes: readonly ReadonlyMap<number, Tape>[]): Phase[][] {
  return Array.from({ length: levels + 1 }, (_, level) => {
    const here: Phase[] = [];
    const mine = scalars.filter((each) => each.level === level && (each.operation === 'reduce' || computes(each)));
    const ofTapes = [...new Set(tapes)].flatMap((each) => [...each.keys()]).filter((key) => Math.floor(key / TURNS) === level).map((key) => key % TURNS);
    const last = [...mine.map(phaseOf), ...ofTapes].reduce((all, turn) => Math.max(all, turn), 0);
    for (let turn = 0; turn <= last; turn++) {
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

const computes = (formula: Formula): boolean => !['const', 'param', 'state', 'item', 'size', 'choose', 'custom', 'input'].includes(formula.operation);

export function buildTapes(plan: ClassPlan, phaseOf: (formula: Formula) => number, operand: (formula: Formula) => number): { tapes: Map<number, Tape>; arrays: Map<Formula, number> } {
  const arrays = new Map<Formula, number>();
  for (const each of plan.small) if (plan.isUnit(each)) arrays.set(each, arrays.size);
  const builders = new Map<number, TapeBuilder>();
  for (const each of plan.small) {
    if (each.operation === 'reduce' && plan.resolve(each.args[0]!).extent === 'element') continue; // a kernel's result
    if (each.operation !== 'reduce' && !computes(each)) continue;
    const key = tapeKey(each.level, phaseOf(each));
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
