/** What each arithmetic operation means for numbers. Every backend has a table of its own with the same keys. */
import type { Formula, Operation } from './formula';

/** min and max propagate NaN, comparisons with NaN are false: JavaScript's own rules, which tf ops keep on no two backends alike. */
export const ARITHMETIC = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
  abs: Math.abs,
  neg: (a: number) => -a,
  sqrt: Math.sqrt,
  pow: Math.pow,
  exp: Math.exp,
  log: Math.log,
  cos: Math.cos,
  floor: Math.floor,
  lt: (a: number, b: number) => Number(a < b),
  le: (a: number, b: number) => Number(a <= b),
  gt: (a: number, b: number) => Number(a > b),
  ge: (a: number, b: number) => Number(a >= b),
  eq: (a: number, b: number) => Number(a === b),
  and: (a: number, b: number) => Number(a !== 0 && b !== 0),
  or: (a: number, b: number) => Number(a !== 0 || b !== 0),
  not: (a: number) => Number(a === 0),
  finite: (a: number) => Number(Number.isFinite(a)),
  select: (condition: number, a: number, b: number) => (condition !== 0 ? a : b),
} as const;

export type ArithmeticOperation = keyof typeof ARITHMETIC;

const MASKS: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'and', 'or', 'not', 'finite']);
export const isMask = (operation: Operation): boolean => MASKS.has(operation);
export const isArithmetic = (operation: Operation): operation is ArithmeticOperation => Object.hasOwn(ARITHMETIC, operation);

/** What an operation makes of numbers. */
export const apply = (operation: ArithmeticOperation, [a = 0, b = 0, c = 0]: readonly number[]): number =>
  (ARITHMETIC[operation] as (a: number, b: number, c: number) => number)(a, b, c);

/** The number that an operation on constants gives, undefined where there is something to compute later. */
export function fold(operation: Operation, args: readonly Formula[]): number | undefined {
  if (!isArithmetic(operation) || !args.every((each) => each.operation === 'const')) return undefined;
  return apply(operation, args.map((each) => each.attribute as number));
}

/** Computes a formula of constants, parameters and the step on the host, which is what a schedule's callable form is. */
export function evaluate(formula: Formula, step: number): number {
  if (formula.operation === 'const') return formula.attribute as number;
  if (formula.operation === 'param') return formula.attribute === 'step' ? step : (formula.attribute as (step: number) => number)(step);
  return apply(formula.operation as ArithmeticOperation, formula.args.map((each) => evaluate(each, step)));
}
