/**
 * Small values, a handful of numbers per variable, are computed on the host in double precision by a tape of
 * instructions: no closures and no generated code, so a Content-Security-Policy cannot stop them.
 *
 * One array holds all registers: those of the step first, then a block per variable. An operand names a register of the
 * step as ~index, and one of the variable's block as index.
 */
import { accumulate, finish, fold, startOf } from '../../formula/fold';
import type { Formula } from '../../formula/formula';
import { ARITHMETIC, isArithmetic, type ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';

export const NAMES = Object.keys(ARITHMETIC) as ArithmeticOperation[];
const CODE = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Record<ArithmeticOperation, number>;
/** An instruction that works on values per unit: its second number is an index into the segment's unit instructions. */
export const UNIT = NAMES.length;
const WIDTH = 5;

/** A computation on arrays with one value per output unit. */
export interface UnitInstruction {
  /** What is done with each unit's values; null in a reduction over the units (`max` is the name of both). */
  readonly operation: ArithmeticOperation | null;
  readonly reduction: Reduction | null;
  /** An array's index, or a register. */
  readonly args: readonly UnitOperand[];
  /** Where the result goes: an array, or for a reduction a register. */
  readonly out: number;
}
export type UnitOperand = { readonly array: number } | { readonly register: number };

export interface Tape {
  readonly code: Int32Array;
  readonly unit: readonly UnitInstruction[];
}

export class TapeBuilder {
  private readonly code: number[] = [];
  private readonly unit: UnitInstruction[] = [];

  arithmetic(formula: Formula, out: number, args: readonly number[]): void {
    if (!isArithmetic(formula.operation)) throw new Error(`[core] tape: ${formula.operation} is not arithmetic`);
    this.code.push(CODE[formula.operation], out, args[0] ?? 0, args[1] ?? 0, args[2] ?? 0);
  }

  units(instruction: UnitInstruction): void {
    this.code.push(UNIT, this.unit.length, 0, 0, 0);
    this.unit.push(instruction);
  }

  /** A reduction of what is a single number already. */
  alias(out: number, from: number, kind: Reduction): void {
    if (kind === 'norm') this.code.push(CODE.abs, out, from, 0, 0);
    else this.code.push(CODE.max, out, from, from, 0);
  }

  build(): Tape {
    return { code: Int32Array.from(this.code), unit: this.unit };
  }
}

export function runTape({ code, unit }: Tape, registers: Float64Array, base: number, arrays: readonly Float64Array[]): void {
  for (let at = 0; at < code.length; at += WIDTH) {
    const operation = code[at]!;
    if (operation === UNIT) {
      runUnit(unit[code[at + 1]!]!, registers, base, arrays);
      continue;
    }
    const i = code[at + 2]!, j = code[at + 3]!, k = code[at + 4]!;
    const a = registers[i < 0 ? ~i : base + i]!, b = registers[j < 0 ? ~j : base + j]!;
    let value: number;
    switch (operation) {
      case CODE.add: value = a + b; break;
      case CODE.sub: value = a - b; break;
      case CODE.mul: value = a * b; break;
      case CODE.div: value = a / b; break;
      case CODE.le: value = a <= b ? 1 : 0; break;
      case CODE.lt: value = a < b ? 1 : 0; break;
      case CODE.gt: value = a > b ? 1 : 0; break;
      case CODE.finite: value = a - a === 0 ? 1 : 0; break;
      case CODE.sqrt: value = Math.sqrt(a); break;
      case CODE.abs: value = Math.abs(a); break;
      case CODE.select: value = a !== 0 ? b : registers[k < 0 ? ~k : base + k]!; break;
      default: value = (ARITHMETIC[NAMES[operation]!] as (a: number, b: number) => number)(a, b);
    }
    const out = code[at + 1]!;
    registers[out < 0 ? ~out : base + out] = value;
  }
}

function runUnit({ operation, reduction, args, out }: UnitInstruction, registers: Float64Array, base: number, arrays: readonly Float64Array[]): void {
  const read = (operand: UnitOperand | undefined): Float64Array | number => {
    if (!operand) return 0;
    if ('array' in operand) return arrays[operand.array]!;
    return registers[operand.register < 0 ? ~operand.register : base + operand.register]!;
  };
  if (reduction) {
    registers[base + out] = fold(reduction, read(args[0]) as Float64Array);
    return;
  }
  const body = ARITHMETIC[operation!] as (a: number, b: number, c: number) => number;
  const [a, b, c] = [read(args[0]), read(args[1]), read(args[2])];
  const target = arrays[out]!;
  for (let index = 0; index < target.length; index++) {
    target[index] = body(typeof a === 'number' ? a : a[index]!, typeof b === 'number' ? b : b[index]!, typeof c === 'number' ? c : c[index]!);
  }
}

/** A reduction over registers: of the variables' values to one of the step. */
export function foldRegisters(kind: Reduction, registers: Float64Array, from: Int32Array): number {
  let total = startOf(kind);
  for (let index = 0; index < from.length; index++) total = accumulate(kind, total, registers[from[index]!]!);
  return finish(kind, total);
}
