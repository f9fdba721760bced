/**
 * Option tables: each option is a field that validates its value and fills in its default, so that a direct call, a JSON
 * configuration and a command line are checked by the same words.
 */
import { about, expected, show, within } from '../errors';
import { MOST_CHARACTERS } from '../patterns';
import { asTerm, isSchedule, type Schedule, type Threshold } from '../schedules/schedule';
import { isTransform, type GradientTransform } from './transform';

export type Field<T> = (value: unknown, owner: string, name: string) => T;
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Options<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export function plainObject(owner: string, value: unknown): Readonly<Record<string, unknown>> {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype === Object.prototype || prototype === null) return value as Record<string, unknown>;
  if (owner.endsWith('.')) throw new TypeError(`${owner.slice(0, -1)} must be an object, got ${show(value)}`);
  throw new TypeError(expected(owner, 'options', 'an object', value));
}

/** Validates options against a table. Unknown keys are errors, so that a misspelt option is never silently ignored. */
export function checkOptions<F extends Fields>(owner: string, fields: F, given: unknown): Options<F> {
  const source = plainObject(owner, given);
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(fields, key))
      throw new TypeError(
        about(owner, `unknown option ${show(key)}; known: ${Object.keys(fields).join(', ') || 'none'}`),
      );
  }
  const checked: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = field(Object.hasOwn(source, name) ? source[name] : undefined, owner, name);
    if (value !== undefined) checked[name] = value;
  }
  return Object.freeze(checked) as Options<F>;
}

interface NumberBounds {
  min?: number;
  max?: number;
  /** Exclusive bounds. */
  above?: number;
  below?: number;
  integer?: boolean;
  /** No infinity, and none in single precision either. */
  finite?: boolean;
}

/** The largest finite number of single precision, which is what devices compute in. */
const LARGEST = 3.4028234663852886e38;
/** Counts of steps are kept in single precision, which holds each integer up to this one. */
const LARGEST_COUNT = 2 ** 24;

const isInside = (
  { min = -Infinity, max = Infinity, above, below, integer, finite }: NumberBounds,
  value: number,
): boolean =>
  value >= min &&
  value <= max &&
  (above === undefined || value > above) &&
  (below === undefined || value < below) &&
  (!integer || Number.isInteger(value)) &&
  (!finite || Math.abs(value) <= LARGEST);

function inWords({ min, max, above, below, integer, finite }: NumberBounds): string {
  const bounds = [
    min !== undefined && `>= ${min}`,
    above !== undefined && `> ${above}`,
    max !== undefined && `<= ${max}`,
    below !== undefined && `< ${below}`,
  ].filter(Boolean);
  const noun = integer ? 'an integer' : finite ? 'a finite number' : 'a number';
  return `${noun}${bounds.length ? ` ${bounds.join(' and ')}` : ''}`;
}

function checkNumber(value: unknown, bounds: NumberBounds, owner: string, name: string): number {
  // Only where it decides is the bound said that everybody takes for granted.
  const { finite, ...others } = bounds;
  if (typeof value !== 'number') throw new TypeError(expected(owner, name, inWords(others), value));
  if (!isInside(others, value)) throw new RangeError(expected(owner, name, inWords(others), value));
  if (finite && !isInside(bounds, value)) throw new RangeError(expected(owner, name, inWords(bounds), value));
  return value;
}

export function number(bounds: NumberBounds & { optional: true }): Field<number | undefined>;
export function number(bounds?: NumberBounds & { default?: number }): Field<number>;
export function number({
  default: fallback,
  optional,
  ...bounds
}: NumberBounds & { default?: number; optional?: true } = {}): Field<number | undefined> {
  return (value, owner, name) =>
    value === undefined && (optional || fallback !== undefined) ? fallback : checkNumber(value, bounds, owner, name);
}

/** A whole number of at least one, and at most so many as can be counted. */
export const count =
  (fallback?: number, max = LARGEST_COUNT): Field<number> =>
  (value = fallback, owner, name) => {
    checkNumber(value, { min: 1, integer: true }, owner, name);
    return checkNumber(value, { min: 1, max, integer: true }, owner, name);
  };

/** p of a norm: a number of at least 1, or Infinity. */
export const order = (): Field<number> => number({ min: 1, default: 2 });

export const boolean =
  (fallback: boolean): Field<boolean> =>
  (value = fallback, owner, name) => {
    if (typeof value !== 'boolean') throw new TypeError(expected(owner, name, 'true or false', value));
    return value;
  };

export const text =
  (fallback: string): Field<string> =>
  (value = fallback, owner, name) => {
    if (typeof value !== 'string') throw new TypeError(expected(owner, name, 'a string', value));
    return value;
  };

export const oneOf =
  <T extends string>(choices: readonly T[], fallback: T): Field<T> =>
  (value = fallback, owner, name) => {
    if (!choices.includes(value as T))
      throw new RangeError(expected(owner, name, `one of ${choices.map((each) => `'${each}'`).join(', ')}`, value));
    return value as T;
  };

interface ThresholdBounds {
  default?: Threshold;
  min?: number;
  /** Where an infinity would be no limit but a mistake, as in a learning rate. */
  finite?: boolean;
}

/** A number of at least `min`, or a schedule. Zero and, unless it must be finite, Infinity are legal, NaN is not. */
export function threshold(bounds: ThresholdBounds & { optional: true }): Field<number | Schedule | undefined>;
export function threshold(bounds?: ThresholdBounds): Field<number | Schedule>;
export function threshold({
  default: fallback,
  min = 0,
  finite,
  optional,
}: ThresholdBounds & { optional?: true } = {}): Field<number | Schedule | undefined> {
  return (value = fallback, owner, name) => {
    if (value === undefined && optional) return undefined;
    if (typeof value === 'function') return asTerm(value as Threshold) as Schedule;
    if (typeof value !== 'number')
      throw new TypeError(expected(owner, name, `a number >= ${min} or a schedule`, value));
    return checkNumber(value, { min, ...(finite && { finite }) }, owner, name);
  };
}

/** A number or a schedule, without a sign. */
export const schedule = (): Field<number | Schedule> => (value, owner, name) => {
  if (isSchedule(value)) return value;
  if (typeof value === 'function')
    throw new TypeError(expected(owner, name, 'a number or a schedule (a plain function cannot be nested)', value));
  return checkNumber(value, {}, owner, name);
};

/** More steps of a staircase than anyone writes; each costs a comparison a step. */
const MOST_POINTS = 10_000;

const isPoint = (pair: unknown): pair is [number, number] =>
  Array.isArray(pair) &&
  pair.length === 2 &&
  [0, 1].every((at) => typeof pair[at] === 'number' && !Number.isNaN(pair[at]));

/** Pairs [step, value] with rising steps. */
export const points = (): Field<readonly (readonly [number, number])[]> => (value, owner, name) => {
  if (!Array.isArray(value) || value.length === 0)
    throw new TypeError(expected(owner, name, 'a list of [step, value] pairs', value));
  if (value.length > MOST_POINTS)
    throw new RangeError(expected(owner, name, `a list of at most ${MOST_POINTS} pairs`, value));
  const pairs = Array.from(value as unknown[], (pair): readonly [number, number] => {
    if (!isPoint(pair)) throw new TypeError(expected(owner, name, 'a list of [step, value] pairs', value));
    return [pair[0], pair[1]];
  });
  if (pairs.some(([step], index) => index > 0 && step <= pairs[index - 1]![0]))
    throw new RangeError(expected(owner, name, 'in rising order of steps', value));
  return pairs;
};

/** A variable's whole name, a RegExp, or a list of them. */
export type Pattern = string | RegExp | readonly (string | RegExp)[];

/** More names than a model has variables. */
const MOST_NAMES = 10_000;

export const pattern =
  (fallback?: Pattern): Field<Pattern> =>
  (value = fallback, owner, name) => {
    const list = Array.from(Array.isArray(value) ? (value as unknown[]) : [value]);
    const isName = (each: unknown): boolean => typeof each === 'string' || each instanceof RegExp;
    if (!list.every(isName))
      throw new TypeError(expected(owner, name, 'a variable name, a RegExp or a list of them', value));
    if (list.length > MOST_NAMES)
      throw new RangeError(expected(owner, name, `a list of at most ${MOST_NAMES} names and patterns`, value));
    const isLong = (each: unknown): boolean =>
      (typeof each === 'string' ? each : (each as RegExp).source).length > MOST_CHARACTERS;
    if (list.some(isLong))
      throw new RangeError(
        expected(owner, name, `of names and patterns with at most ${MOST_CHARACTERS} characters`, value),
      );
    return value as Pattern;
  };

/** One transform, or a list that is run in its order. */
export function transform(bounds: {
  optional: true;
}): Field<GradientTransform | readonly GradientTransform[] | undefined>;
export function transform(): Field<GradientTransform | readonly GradientTransform[]>;
export function transform({ optional }: { optional?: true } = {}): Field<
  GradientTransform | readonly GradientTransform[] | undefined
> {
  return (value, owner, name) => {
    if (value === undefined && optional) return undefined;
    const list = Array.from(Array.isArray(value) ? (value as unknown[]) : [value]);
    if (!list.every(isTransform))
      throw new TypeError(expected(owner, name, 'a gradient transform or a list of them', value));
    return value as GradientTransform;
  };
}

/** A list of at most so many entries, which are objects of the given fields. */
export const records =
  <F extends Fields>(fields: F, most = Infinity): Field<readonly Options<F>[]> =>
  (value, owner, name) => {
    if (!Array.isArray(value)) throw new TypeError(expected(owner, name, 'a list', value));
    if (value.length > most) throw new RangeError(expected(owner, name, `a list of at most ${most}`, value));
    const place = (index: number): string => `${within(owner, name)}[${index}]${owner.endsWith('.') ? '.' : ''}`;
    return Array.from(value as unknown[], (entry, index) => checkOptions(place(index), fields, entry));
  };
