/**
 * The nodes of the formula language, and the scope in which they are interned.
 *
 * A formula is plain data: an operation, its arguments and its extent. Equal formulas are the same object within one
 * trace, which is all the common-subexpression elimination there is.
 */
import { fold, isMask, type ArithmeticOperation } from './operations';

/** How many values a formula has: one a step, one a variable, one an output unit, or one an element. Each broadcasts to the ones after it. */
export const EXTENTS = ['scalar', 'each', 'unit', 'element'] as const;
export type Extent = (typeof EXTENTS)[number];
export const rankOf = (extent: Extent): number => EXTENTS.indexOf(extent);

export type Operation =
  | ArithmeticOperation
  | 'const' | 'param' | 'size' | 'input' | 'state' | 'choose' | 'reduce' | 'custom' | 'item';

export interface Formula {
  readonly id: number;
  readonly operation: Operation;
  readonly args: readonly Formula[];
  /** What an operation carries beside its arguments: a constant's number, a state's path, a reduction's kind. */
  readonly attribute: unknown;
  readonly extent: Extent;
  /** True or false instead of a number. */
  readonly mask: boolean;
  /** How many passes over memory must have ended before this value can be computed. */
  readonly level: number;
  /** A tensor of its own shape, which only custom nodes read and write. */
  readonly opaque: boolean;
}

/** A variable as the static parts of a formula see it. */
export interface VariableInfo {
  readonly name: string;
  /** The name without the `_N` that loading a model appends. */
  readonly canonicalName: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly rank: number;
  /** A gradient is [rows, units, inner]: a unit's norm runs over rows and inner. Vectors and scalars are one unit. */
  readonly rows: number;
  readonly units: number;
  readonly inner: number;
}
export type VariablePredicate = (variable: VariableInfo) => boolean;

/** What formula functions take where a number is meant: a formula, a number, or anything that has a formula of the step. */
export type Term = Formula | number | { formula(step: Formula): Formula };

interface Scope {
  readonly nodes: Map<string, Formula>;
  readonly functions: Map<unknown, number>;
  /** Restricts whole-step reductions to a group of variables. */
  only: VariablePredicate | null;
}
let scope: Scope | null = null;

/** Runs a trace: formulas made inside are interned together. */
export function withScope<T>(body: () => T): T {
  const outer = scope;
  scope = { nodes: new Map(), functions: new Map(), only: null };
  try {
    return body();
  } finally {
    scope = outer;
  }
}

function current(): Scope {
  if (!scope) throw new Error('[core] formula: formulas exist only inside a transform\'s update(); this one was built outside of it');
  return scope;
}

export const group = (): VariablePredicate | null => current().only;

/** Runs `body` with whole-step reductions restricted to the variables that `only` accepts. */
export function withinGroup<T>(only: VariablePredicate, body: () => T): T {
  const here = current(), outer = here.only;
  here.only = outer ? (variable) => outer(variable) && only(variable) : only;
  try {
    return body();
  } finally {
    here.only = outer;
  }
}

function attributeKey(attribute: unknown): string {
  if (Object.is(attribute, -0)) return '-0';
  if (typeof attribute !== 'function' && (typeof attribute !== 'object' || attribute === null)) return String(attribute);
  const { functions } = current();
  if (!functions.has(attribute)) functions.set(attribute, functions.size);
  return `#${functions.get(attribute)}`;
}

interface Details {
  attribute?: unknown;
  extent?: Extent;
  mask?: boolean;
  deeper?: number;
  opaque?: boolean;
}

const widest = (args: readonly Formula[]): Extent => EXTENTS[Math.max(0, ...args.map((each) => rankOf(each.extent)))]!;

/** Makes or finds the node. Arithmetic on constants is done at once. */
export function node(operation: Operation, args: readonly Formula[], { attribute = null, extent = widest(args), mask = isMask(operation), deeper = 0, opaque = false }: Details = {}): Formula {
  const folded = fold(operation, args);
  if (folded !== undefined) return constant(folded, mask);
  const { nodes } = current();
  const key = `${operation}|${extent}|${attributeKey(attribute)}|${args.map((each) => each.id).join()}|${mask}|${opaque}`;
  const found = nodes.get(key);
  if (found) return found;
  const level = Math.max(0, ...args.map((each) => each.level)) + deeper;
  const made: Formula = { id: nodes.size, operation, args, attribute, extent, mask, level, opaque };
  nodes.set(key, made);
  return made;
}

export const constant = (value: number, mask = false): Formula => node('const', [], { attribute: value, extent: 'scalar', mask });

/** The number of steps attempted before this one. It is known to the host, so schedules cost a device nothing. */
export const stepCount = (): Formula => node('param', [], { attribute: 'step', extent: 'scalar' });

export function lift(term: Term): Formula {
  if (typeof term === 'number') return constant(term);
  if ('operation' in term) return term;
  return term.formula(stepCount());
}
