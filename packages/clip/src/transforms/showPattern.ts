/** Names and patterns in messages. */
import type { Pattern } from '@clipkit/core';

const MOST_SHOWN = 8;
const MOST_CHARACTERS = 80;

const shorten = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);

/** The first of a list, and how many there are. */
export function showSome(names: readonly string[]): string {
  const rest = names.length > MOST_SHOWN ? `, … (${names.length} in all)` : '';
  return names.slice(0, MOST_SHOWN).map(shorten).join(', ') + rest;
}

/** The pattern as a user wrote it. */
export function showPattern(pattern: Pattern): string {
  const list = ([] as (string | RegExp)[]).concat(pattern as string | RegExp);
  return showSome(list.map((each) => (typeof each === 'string' ? `'${each}'` : String(each))));
}
