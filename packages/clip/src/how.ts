/** What users say about how to clip: options in Keras's words, a transform, or a list of them. */
import {
  checkOptions,
  clippingFields,
  clippingTransforms,
  isTransform,
  type ClipOptions,
  type GradientTransform,
  type NonFinitePolicy,
} from '@clipkit/core';

export type How = ClipOptions | GradientTransform | readonly GradientTransform[];

export function readHow(
  owner: string,
  how: How,
): { transforms: readonly GradientTransform[]; nonFinite: NonFinitePolicy } {
  const options = isTransform(how) || Array.isArray(how) ? { clip: how as GradientTransform } : how;
  const checked = checkOptions(owner, clippingFields, options);
  return { transforms: clippingTransforms(owner, checked), nonFinite: checked.nonFinite };
}

/**
 * Text of what `how` holds at this moment: two that have the same text clip alike. Numbers, lists and the options of
 * transforms count by what is in them, since all of them may be changed in place or written anew; functions count by
 * identity.
 */
export function textOf(how: unknown): string {
  if (!isPlain(how)) return describe(how);
  return Object.entries(how)
    .map(([key, value]) => `${JSON.stringify(key)}:${describe(value)}`)
    .join();
}

/** Looks into lists and transforms alone, which cannot contain themselves. */
function describe(value: unknown): string {
  if (isTransform(value)) return `${value.kind}(${inFull(value.options)})`;
  if (Array.isArray(value)) return `[${value.map((each) => (isTransform(each) ? describe(each) : atom(each))).join()}]`;
  return atom(value);
}

/** Options of a transform, which were checked when it was made. */
function inFull(value: unknown): string {
  if (isTransform(value)) return describe(value);
  if (Array.isArray(value)) return `[${value.map(inFull).join()}]`;
  if (isPlain(value))
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}:${inFull(each)}`)
      .join()}}`;
  return atom(value);
}

const numbers = new WeakMap<object, number>();
let numbered = 0;

function atom(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof RegExp) return String(value);
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null))
    return `${typeof value} ${String(value)}`;
  let number = numbers.get(value);
  if (number === undefined) {
    number = ++numbered;
    numbers.set(value, number);
  }
  return `#${number}`;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || isTransform(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
