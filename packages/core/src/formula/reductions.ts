/** Reductions: from elements down to units, variables or the whole step. */
import { group, lift, node, rankOf, type Extent, type Formula, type Term } from './formula';
import { abs, choose, div, gt, mul, pow, select, size } from './functions';

export type Reduction = 'sum' | 'max' | 'norm';
export type ReducedExtent = Exclude<Extent, 'element'>;

/** Whole-step reductions are partial ones per variable, made by a kernel, then a small one over variables. */
function reduce(kind: Reduction, x: Formula, to: ReducedExtent): Formula {
  if (to === 'scalar') {
    const only = group(), each = reduce(kind, x, 'each');
    const members = only ? choose((variable) => (only(variable) ? 0 : 1), [each, kind === 'max' ? -Infinity : 0]) : each;
    return node('reduce', [members], { attribute: kind, extent: 'scalar' });
  }
  if (x.extent === to || rankOf(x.extent) < rankOf(to)) return kind === 'norm' && !isLength(x) ? abs(x) : x;
  return node('reduce', [x], { attribute: kind, extent: to, deeper: x.extent === 'element' ? 1 : 0 });
}

/** A norm is never negative, so the norm of one is itself. */
const isLength = (x: Formula): boolean => x.operation === 'reduce' && x.attribute === 'norm';

/** Σ x */
export const sum = (x: Term, to: ReducedExtent): Formula => reduce('sum', lift(x), to);

/** max x, NaN where one is NaN */
export const maximum = (x: Term, to: ReducedExtent): Formula => reduce('max', lift(x), to);

/** Σ x / n */
export const mean = (x: Term, to: ReducedExtent): Formula => div(sum(x, to), to === 'scalar' ? sum(size('each'), 'scalar') : size(to));

/**
 * ‖x‖ₚ, a primitive rather than a composition: each backend keeps 1e20 from overflowing and 1e-30 from vanishing in its own way.
 *
 * A factor that is constant over the reduction is taken out (‖s·x‖ = |s|·‖x‖), so a norm of what was scaled costs no pass.
 * @param ord p ≥ 1, or Infinity. Norms other than 1, 2 and ∞ divide by the largest element first, which costs one more pass.
 */
export function norm(x: Term, to: ReducedExtent, ord = 2): Formula {
  const value = lift(x);
  if (value.operation === 'mul' && to !== 'scalar') {
    const [left, right] = value.args as [Formula, Formula];
    if (right.extent === 'element' && rankOf(left.extent) <= rankOf(to)) return mul(norm(right, to, ord), abs(left));
    if (left.extent === 'element' && rankOf(right.extent) <= rankOf(to)) return mul(norm(left, to, ord), abs(right));
  }
  if (ord === 2) return to === 'scalar' ? reduce('norm', norm(value, 'each'), to) : reduce('norm', value, to);
  if (to === 'scalar') {
    const each = norm(value, 'each', ord);
    if (ord === Infinity) return reduce('max', each, 'scalar');
    if (ord === 1) return reduce('sum', each, 'scalar');
    const largest = reduce('max', each, 'scalar');
    return mul(largest, pow(reduce('sum', pow(div(each, orOne(largest)), ord), 'scalar'), 1 / ord));
  }
  if (ord === 1) return reduce('sum', abs(value), to);
  const largest = reduce('max', abs(value), to);
  if (ord === Infinity) return largest;
  return mul(largest, pow(reduce('sum', pow(div(abs(value), orOne(largest)), ord), to), 1 / ord));
}

const orOne = (x: Formula): Formula => select(gt(x, 0), x, 1);
