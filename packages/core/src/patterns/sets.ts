/** Sets of characters, as sorted ranges of code points: [first, last, first, last, …]. */

export type CharacterSet = readonly number[];

const LAST = 0x10ffff;

export const DIGITS: CharacterSet = [0x30, 0x39];
export const WORD: CharacterSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
export const LINE_ENDS: CharacterSet = [0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029];
export const SPACES: CharacterSet = [
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f,
  0x3000, 0x3000, 0xfeff, 0xfeff,
];
export const EVERYTHING: CharacterSet = [0, LAST];

export function union(sets: readonly CharacterSet[]): CharacterSet {
  const ranges = sets.flatMap((set) =>
    Array.from({ length: set.length / 2 }, (_, at) => [set[2 * at]!, set[2 * at + 1]!] as const),
  );
  ranges.sort(([a], [b]) => a - b);
  const merged: number[] = [];
  for (const [first, last] of ranges) {
    if (merged.length > 0 && first <= merged.at(-1)! + 1) merged[merged.length - 1] = Math.max(merged.at(-1)!, last);
    else merged.push(first, last);
  }
  return merged;
}

export function complement(set: CharacterSet): CharacterSet {
  const gaps: number[] = [];
  let next = 0;
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]! > next) gaps.push(next, set[at]! - 1);
    next = set[at + 1]! + 1;
  }
  if (next <= LAST) gaps.push(next, LAST);
  return gaps;
}

/** The set with both cases of each of its letters, A to Z. */
export function bothCases(set: CharacterSet): CharacterSet {
  const shifted = (from: number, to: number, by: number): number[] => {
    const moved: number[] = [];
    for (let at = 0; at < set.length; at += 2) {
      const first = Math.max(set[at]!, from);
      const last = Math.min(set[at + 1]!, to);
      if (first <= last) moved.push(first + by, last + by);
    }
    return moved;
  };
  return union([set, shifted(0x41, 0x5a, 0x20), shifted(0x61, 0x7a, -0x20)]);
}

export function has(set: CharacterSet, character: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (character < set[2 * middle]!) high = middle;
    else if (character > set[2 * middle + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}
