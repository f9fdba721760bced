/** The functions that formulas are written with: arithmetic, comparisons, selection, and static choice. */
import { constant, lift, node, rankOf, EXTENTS, type Extent, type Formula, type Term, type VariableInfo } from './formula';
import type { ArithmeticOperation } from './operations';
import { SINGLE_OVERFLOW } from './single';

const unary = (operation: ArithmeticOperation) => (a: Term): Formula => node(operation, [lift(a)]);
const binary = (operation: ArithmeticOperation) => (a: Term, b: Term): Formula => node(operation, [lift(a), lift(b)]);
const isConstant = (formula: Formula, value: number): boolean => formula.operation === 'const' && Object.is(formula.attribute, value);

export const add = binary('add');
export const sub = binary('sub');
export const div = binary('div');
/** The smaller one; NaN where either is. */
export const min = binary('min');
/** The larger one; NaN where either is. */
export const max = binary('max');
export const pow = binary('pow');
export const abs = unary('abs');
export const neg = unary('neg');
export const sqrt = unary('sqrt');
export const exp = unary('exp');
export const log = unary('log');
export const cos = unary('cos');
export const floor = unary('floor');

export function mul(a: Term, b: Term): Formula {
  const left = lift(a), right = lift(b);
  if (isConstant(left, 1)) return right;
  if (isConstant(right, 1)) return left;
  return node('mul', [left, right]);
}

export const lt = binary('lt');
export const le = binary('le');
export const gt = binary('gt');
export const ge = binary('ge');
export const eq = binary('eq');
export const not = unary('not');
/** True for every number that is neither NaN nor infinite. */
export const finite = unary('finite');
/** True for what is finite once it is stored: state, like every tensor, is held in single precision. */
export const storable = (x: Term): Formula => lt(abs(x), SINGLE_OVERFLOW);
export const always = (): Formula => constant(1, true);

export function and(a: Formula, b: Formula): Formula {
  if (a.operation === 'const') return a.attribute ? b : a;
  if (b.operation === 'const') return b.attribute ? a : b;
  return a === b ? a : node('and', [a, b]);
}

export function or(a: Formula, b: Formula): Formula {
  if (a.operation === 'const') return a.attribute ? a : b;
  if (b.operation === 'const') return b.attribute ? b : a;
  return a === b ? a : node('or', [a, b]);
}

/** `a` where the condition holds, else `b`. The branch not taken has no part in the result: a NaN there is not seen. */
export function select(condition: Formula, a: Term, b: Term): Formula {
  const yes = lift(a), no = lift(b);
  if (condition.operation === 'const') return condition.attribute ? yes : no;
  return yes === no ? yes : node('select', [condition, yes, no], { mask: yes.mask });
}

export const square = (x: Term): Formula => mul(x, x);

/** −1, 0 or 1; NaN for NaN. */
export const sign = (x: Term): Formula => select(gt(x, 0), 1, select(lt(x, 0), -1, x));

/** A number that the host reads once a step, from the count of attempted steps or from elsewhere. */
export const param = (read: (step: number) => number): Formula => node('param', [], { attribute: read, extent: 'scalar' });

/** How many elements a variable has (`each`), or an output unit of it (`unit`). */
export const size = (extent: 'each' | 'unit'): Formula => node('size', [], { attribute: extent, extent: 'each' });

/**
 * Decides per variable, before anything runs, which branch is in the program. Variables with the same answers share kernels.
 * @param pick the index of the branch for a variable: by its rank, name or shape
 */
export function choose(pick: (variable: VariableInfo) => number, branches: readonly Term[]): Formula {
  const lifted = branches.map(lift);
  if (lifted.every((branch) => branch === lifted[0])) return lifted[0]!;
  const extent = EXTENTS[Math.max(1, ...lifted.map((branch) => rankOf(branch.extent)))]!;
  return node('choose', lifted, { attribute: pick, extent, mask: lifted[0]!.mask });
}

/** What a custom node returns in one place: a value of that extent, or a tensor of its own shape. */
export type CustomOutput = Extract<Extent, 'scalar' | 'each' | 'element'> | 'opaque';
/** Ordinary tf ops: tensors in, tensors out. It runs inside a tidy and must not read back or write. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tensors of any rank; core's formula layer does not depend on tfjs
export type CustomFunction = (tensors: readonly any[], variable: VariableInfo | null) => readonly any[];

/**
 * The escape hatch: what no formula says (sorting, matmul) as a node of ordinary tf ops. It costs a level and materialised tensors.
 * @param extent `each`: called once a variable; `scalar`: once a step
 */
export function custom(body: CustomFunction, args: readonly Term[], extent: 'scalar' | 'each', outputs: readonly CustomOutput[]): Formula[] {
  const call = node('custom', args.map(lift), { attribute: body, extent, deeper: 1 });
  return outputs.map((output, index) => node('item', [call], { attribute: index, extent: output === 'opaque' ? extent : output, opaque: output === 'opaque' }));
}
