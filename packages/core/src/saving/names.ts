/**
 * The names of saved weights: one grammar, written and read here alone.
 *
 *     iter                               attempted steps, under the name that tfjs wants
 *     counters                           the header: what else is counted, what other weights there are, their checksum
 *     step/<path>                        state of the whole step
 *     variables/<place>/<name>/<path>    state of a variable; places count from 0
 *     inner/<name>                       what the wrapped optimizer saves
 *
 * A path is that of a slot in the program, such as `0.adam/firstMoment`. A variable's name is a user's, so what would end it is escaped.
 */

export const ITERATIONS = 'iter';
export const COUNTERS = 'counters';
const STEP = 'step/';
const VARIABLES = 'variables/';
const INNER = 'inner/';

export type StateName =
  | { readonly of: 'iterations' | 'counters' }
  | { readonly of: 'step'; readonly path: string }
  | { readonly of: 'variable'; readonly place: number; readonly name: string; readonly path: string }
  | { readonly of: 'inner'; readonly name: string };

export const stepName = (path: string): string => STEP + path;
export const innerName = (name: string): string => INNER + name;

export const variableName = (place: number, name: string, path: string): string => `${VARIABLES}${place}/${escape(name)}/${path}`;

/** What a weight of that name is; null for a name that nothing of ours has. */
export function parseName(text: string): StateName | null {
  if (text === ITERATIONS) return { of: 'iterations' };
  if (text === COUNTERS) return { of: 'counters' };
  if (text.startsWith(STEP)) return { of: 'step', path: text.slice(STEP.length) };
  if (text.startsWith(INNER)) return { of: 'inner', name: text.slice(INNER.length) };
  const parts = /^variables\/(0|[1-9]\d{0,8})\/([^/]*)\/(.+)$/s.exec(text);
  if (!parts) return null;
  return { of: 'variable', place: Number(parts[1]), name: unescape(parts[2]!), path: parts[3]! };
}

const escape = (name: string): string => name.replace(/[%/]/g, (each) => (each === '%' ? '%25' : '%2F'));
const unescape = (text: string): string => text.replace(/%2F|%25/g, (each) => (each === '%25' ? '%' : '/'));

/** A weight's name as earlier versions wrote it: `<canonical name>#<occurrence>/<path>`, or the path alone for state of the whole step. */
export interface LegacyName {
  /** Name and occurrence; empty for the whole step. */
  readonly key: string;
  readonly name: string;
  readonly path: string;
}

/**
 * Reads such a name by the paths that a program has, since the variable's name may hold anything, `#1/` too.
 * Returns null for what has none of the paths.
 */
export function parseLegacyName(text: string, paths: Iterable<string>): LegacyName | null {
  for (const path of paths) {
    if (text === path) return { key: '', name: '', path };
    if (!text.endsWith(`/${path}`)) continue;
    const key = text.slice(0, -path.length - 1), parts = /^(.*)#\d+$/s.exec(key);
    if (parts) return { key, name: parts[1]!, path };
  }
  return null;
}
