/** The formula language: plain data, built by plain functions, that every backend can compute. */
export type { CustomFunction, CustomOutput } from './functions';
export type { Extent, Formula, Term, VariableInfo, VariablePredicate } from './formula';
export { abs, add, always, and, choose, cos, custom, div, eq, exp, finite, floor, ge, gt, le, log, lt, max, min, mul, neg, not, or, param, pow, select, sign, size, sqrt, square, sub } from './functions';
export { maximum, mean, norm, sum, type ReducedExtent } from './reductions';
