/** One builder for every error: which package and function, what was expected, what came. */

/** What of a text, a list or a nesting is shown; the rest may be a stranger's megabytes. */
const MOST_CHARACTERS = 80;
const MOST_ENTRIES = 4;
const MOST_KEYS = 8;
const DEEPEST = 2;

const shorten = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : text;

/** Shows a value in an error message: short, and never the contents of a tensor. */
export function show(value: unknown): string {
  return showWithin(value, DEEPEST);
}

function showWithin(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return showList(value, depth);
  if (value === null || typeof value !== 'object') return String(value);
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' && name !== '' ? `a ${name}` : showKeys(value);
}

function showList(value: readonly unknown[], depth: number): string {
  if (value.length > MOST_ENTRIES || depth === 0) return `an array of ${value.length}`;
  return `[${value.map((each) => showWithin(each, depth - 1)).join(', ')}]`;
}

function showKeys(value: object): string {
  const keys = Object.keys(value);
  const shown = keys.slice(0, MOST_KEYS).map(shorten);
  const rest = keys.length > MOST_KEYS ? [`… (${keys.length} keys)`] : [];
  return `an object with keys {${[...shown, ...rest].join(', ')}}`;
}

/**
 * What an owner says about one of its options. An owner is a function, `[clip] byNorm`, or a place in a saved
 * configuration, which ends with a dot: `[core] fromConfig: transforms[2].options.`
 */
export const within = (owner: string, what: string): string =>
  owner.endsWith('.') ? owner + what : `${owner}: ${what}`;

/** What an owner says about itself. */
export const about = (owner: string, words: string): string =>
  `${owner.endsWith('.') ? owner.slice(0, -1) : owner}: ${words}`;

/** `[clip] byNorm: maxNorm must be a number >= 0, got -1` */
export function expected(owner: string, what: string, wanted: string, got: unknown): string {
  return `${within(owner, what)} must be ${wanted}, got ${show(got)}`;
}
