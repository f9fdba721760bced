/**
 * Option tables: each option is a field that validates its value and fills in its default, so that a direct call, a JSON
 * configuration and a command line are checked by the same words.
 */
import { expected, show } from '../errors';
import { asTerm, isSchedule, type Schedule, type Threshold } from '../schedules/schedule';
import { isTransform, type GradientTransform } from './transform';

export type Field<T> = (value: unknown, owner: string, name: string) => T;
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Options<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export function plainObject(owner: string, value: unknown): Readonly<Record<string, unknown>> {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(expected(owner, 'options', 'an object', value));
  return value as Record<string, unknown>;
}

/** Validates options against a table. Unknown keys are errors, so that a misspelt option is never silently ignored. */
export function checkOptions<F extends Fields>(owner: string, fields: F, given: unknown): Options<F> {
  const source = plainObject(owner, given);
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(fields, key)) throw new TypeError(`${owner}: unknown option ${show(key)}; known: ${Object.keys(fields).join(', ') || 'none'}`);
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
  /** Exclusive bounds. */
  above?: number;
  below?: number;
  integer?: boolean;
}

function inWords({ min, above, below, integer }: NumberBounds): string {
  const bounds = [min !== undefined && `>= ${min}`, above !== undefined && `> ${above}`, below !== undefined && `< ${below}`].filter(Boolean);
  return `${integer ? 'an integer' : 'a number'}${bounds.length ? ` ${bounds.join(' and ')}` : ''}`;
}

function checkNumber(value: unknown, bounds: NumberBounds, owner: string, name: string): number {
  if (typeof value !== 'number') throw new TypeError(expected(owner, name, inWords(bounds), value));
  const { min = -Infinity, above = -Infinity, below = Infinity, integer } = bounds;
  const inside = value >= min && (value > above || above === -Infinity) && (value < below || below === Infinity) && (!integer || Number.isInteger(value));
  if (!inside) throw new RangeError(expected(owner, name, inWords(bounds), value));
  return value;
}

export function number(bounds: NumberBounds & { optional: true }): Field<number | undefined>;
export function number(bounds?: NumberBounds & { default?: number }): Field<number>;
export function number({ default: fallback, optional, ...bounds }: NumberBounds & { default?: number; optional?: true } = {}): Field<number | undefined> {
  return (value, owner, name) => (value === undefined && (optional || fallback !== undefined) ? fallback : checkNumber(value, bounds, owner, name));
}

/** A whole number of at least one. */
export const count = (fallback?: number): Field<number> => number({ min: 1, integer: true, ...(fallback !== undefined && { default: fallback }) });

/** p of a norm: a number of at least 1, or Infinity. */
export const order = (): Field<number> => number({ min: 1, default: 2 });

export const boolean = (fallback: boolean): Field<boolean> => (value = fallback, owner, name) => {
  if (typeof value !== 'boolean') throw new TypeError(expected(owner, name, 'true or false', value));
  return value;
};

export const text = (fallback: string): Field<string> => (value = fallback, owner, name) => {
  if (typeof value !== 'string') throw new TypeError(expected(owner, name, 'a string', value));
  return value;
};

export const oneOf = <T extends string>(choices: readonly T[], fallback: T): Field<T> => (value = fallback, owner, name) => {
  if (!choices.includes(value as T)) throw new RangeError(expected(owner, name, `one of ${choices.map((each) => `'${each}'`).join(', ')}`, value));
  return value as T;
};

/** A number of at least `min`, or a schedule. Zero and Infinity are legal, NaN is not. */
export function threshold(bounds: { min?: number; optional: true }): Field<number | Schedule | undefined>;
export function threshold(bounds?: { default?: Threshold; min?: number }): Field<number | Schedule>;
export function threshold({ default: fallback, min = 0, optional }: { default?: Threshold; min?: number; optional?: true } = {}): Field<number | Schedule | undefined> {
  return (value = fallback, owner, name) => {
    if (value === undefined && optional) return undefined;
    if (typeof value === 'function') return asTerm(value as Threshold) as Schedule;
    if (typeof value !== 'number') throw new TypeError(expected(owner, name, `a number >= ${min} or a schedule`, value));
    return checkNumber(value, { min }, owner, name);
  };
}

/** A number or a schedule, without a sign. */
export const schedule = (): Field<number | Schedule> => (value, owner, name) => {
  if (isSchedule(value)) return value;
  if (typeof value === 'function') throw new TypeError(expected(owner, name, 'a number or a schedule (a plain function cannot be nested)', value));
  return checkNumber(value, {}, owner, name);
};

/** Pairs [step, value] with rising steps. */
export const points = (): Field<readonly (readonly [number, number])[]> => (value, owner, name) => {
  const fits = Array.isArray(value) && value.length > 0 && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === 'number' && !Number.isNaN(each)));
  if (!fits) throw new TypeError(expected(owner, name, 'a list of [step, value] pairs', value));
  const pairs = value as [number, number][];
  if (pairs.some(([step], index) => index > 0 && step <= pairs[index - 1]![0])) throw new RangeError(expected(owner, name, 'in rising order of steps', value));
  return pairs.map(([step, at]) => [step, at] as const);
};

/** A variable's whole name, a RegExp, or a list of them. */
export type Pattern = string | RegExp | readonly (string | RegExp)[];

export const pattern = (fallback?: Pattern): Field<Pattern> => (value = fallback, owner, name) => {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((each) => typeof each === 'string' || each instanceof RegExp)) throw new TypeError(expected(owner, name, 'a variable name, a RegExp or a list of them', value));
  return value as Pattern;
};

/** One transform, or a list that is run in its order. */
export function transform(bounds: { optional: true }): Field<GradientTransform | readonly GradientTransform[] | undefined>;
export function transform(): Field<GradientTransform | readonly GradientTransform[]>;
export function transform({ optional }: { optional?: true } = {}): Field<GradientTransform | readonly GradientTransform[] | undefined> {
  return (value, owner, name) => {
    if (value === undefined && optional) return undefined;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (!list.every(isTransform)) throw new TypeError(expected(owner, name, 'a gradient transform or a list of them', value));
    return value as GradientTransform;
  };
}

/** A list whose entries are objects of the given fields. */
export const records = <F extends Fields>(fields: F): Field<readonly Options<F>[]> => (value, owner, name) => {
  if (!Array.isArray(value)) throw new TypeError(expected(owner, name, 'a list', value));
  return value.map((entry: unknown, index) => checkOptions(`${owner}: ${name}[${index}]`, fields, entry));
};
