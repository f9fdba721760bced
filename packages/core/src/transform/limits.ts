/**
 * What a configuration may hold at most, and what it is made of. It may come from a stranger's file, so this is
 * asked before anything in it is looked at: without recursion, and without calling what only looks like data.
 */
import { show } from '../errors';

/** A transform in a transform takes about three levels. */
const DEEPEST = 256;
/** A staircase of the most points is a third of it. */
const MOST_VALUES = 100_000;
/** Each may be a pass over all gradients, whose code has all that stands before it: the work grows with the square. */
const MOST_IN_SEQUENCE = 64;
/** A variable goes through one of many groups, but all of them are made and looked at. */
const MOST_TRANSFORMS = 1024;
const LONGEST_TEXT = 10_000;
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

interface Place {
  readonly value: unknown;
  readonly path: string;
  readonly depth: number;
}

/**
 * Refuses what is no plain data, or too much of it.
 * @param owner the function that reads or writes the configuration
 * @param isForeign whose contents are another class's business: there only the size and the keys are asked
 */
export function checkPlain(owner: string, json: unknown, path: string, isForeign = false): void {
  const waiting: Place[] = [{ value: json, path, depth: 0 }];
  let values = 0;
  let transforms = 0;
  while (waiting.length > 0) {
    const { value, path: here, depth } = waiting.pop()!;
    values += 1;
    if (values > MOST_VALUES)
      throw new RangeError(`${owner}: a configuration has at most ${MOST_VALUES} values, and this one has more`);
    if (depth > DEEPEST)
      throw new RangeError(
        `${owner}: a configuration is nested at most ${DEEPEST} levels deep, and ${shorten(here)} is deeper`,
      );
    if (typeof value === 'string' && value.length > LONGEST_TEXT)
      throw new RangeError(`${owner}: ${shorten(here)} has at most ${LONGEST_TEXT} characters, got ${value.length}`);
    if (!isContainer(value)) {
      if (!isForeign) checkLeaf(owner, value, here);
      continue;
    }
    if (Array.isArray(value) && value.length > MOST_VALUES)
      throw new RangeError(
        `${owner}: a configuration has at most ${MOST_VALUES} values, and ${shorten(here)} has ${value.length}`,
      );
    if (isTransform(value) && here !== 'rule') transforms += 1;
    if (transforms > MOST_TRANSFORMS) tooManyTransforms(owner, MOST_TRANSFORMS, 'altogether');
    for (const each of inside(owner, value, here)) waiting.push({ ...each, depth: depth + 1 });
  }
  // Its depth is known to be small by now.
  const { rule: _, ...before } = json as { readonly rule?: unknown };
  if (inSequence(before) > MOST_IN_SEQUENCE) tooManyTransforms(owner, MOST_IN_SEQUENCE, 'for one variable');
}

function tooManyTransforms(owner: string, most: number, where: string): never {
  throw new RangeError(
    `${owner}: a configuration has at most ${most} transforms ${where}, nested ones included, and this one has more`,
  );
}

/** The most transforms that a variable may go through: of a list of groups it goes through one. */
function inSequence(value: unknown): number {
  if (!isContainer(value)) return 0;
  let most = Number(isTransform(value));
  for (const [key, each] of Object.entries(value)) {
    if (key !== 'groups' || !Array.isArray(each)) most += inSequence(each);
    else most += each.reduce((all: number, group: unknown) => Math.max(all, inSequence(group)), 0);
  }
  return most;
}

/** Lists and plain objects; a class's instance is none. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}

const isTransform = (value: object): boolean =>
  typeof Object.getOwnPropertyDescriptor(value, 'transform')?.value === 'string';

function checkLeaf(owner: string, value: unknown, path: string): void {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return;
  throw new TypeError(
    `${owner}: ${shorten(path)} must be plain data (an object, a list, a string, a number, a boolean or null), got ` +
      `${show(value)}`,
  );
}

/** The values of an object or a list, read without running a getter. */
function inside(owner: string, value: object, path: string): { value: unknown; path: string }[] {
  const isList = Array.isArray(value);
  const keys = isList ? Array.from({ length: value.length }, (_, index) => String(index)) : Object.keys(value);
  return keys.map((key) => {
    if (REFUSED_KEYS.has(key)) throw new TypeError(`${owner}: ${shorten(path)}: the key ${key} is refused`);
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor && !('value' in descriptor))
      throw new TypeError(`${owner}: ${shorten(path)}.${shorten(key)} must be plain data, got a getter`);
    return { value: descriptor?.value as unknown, path: isList ? `${path}[${key}]` : path ? `${path}.${key}` : key };
  });
}

/** The end of a path says more than its beginning. */
const shorten = (path: string): string => (path.length > 200 ? `…${path.slice(-200)}` : path || 'config');
