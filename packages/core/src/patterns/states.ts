/**
 * Matching by the set of all states at once [Thompson 1968, "Regular expression search algorithm"]: each character is
 * looked at once, so no text and no pattern can make it back-track. What follows a set is remembered, so that names
 * that are alike cost a look-up a character.
 */
import { has, LINE_ENDS, WORD, type CharacterSet } from './sets';
import type { Assertion } from './syntax';

export type Instruction =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  /** Goes on at each of these. */
  | { readonly kind: 'fork'; readonly to: number[] }
  | { readonly kind: 'match' };

/** What comes after the last character. */
export const END = -1;

/** The instructions that were reached, and all that assertions ask of what stands before them. */
export interface StateSet {
  readonly reached: readonly number[];
  readonly before: 'start' | 'word' | 'lineEnd' | 'other';
  /** By the character; null is a match. */
  readonly next: Map<number, StateSet | null>;
}

export class StateSets {
  readonly start: StateSet = { reached: [], before: 'start', next: new Map() };
  private readonly known = new Map<string, StateSet>();
  /** In which search each instruction was entered last, so that none is entered twice. */
  private readonly entered: Int32Array;
  private search = 0;

  constructor(
    private readonly instructions: readonly Instruction[],
    private readonly multiline: boolean,
    private readonly look: () => void,
  ) {
    this.entered = new Int32Array(instructions.length);
  }

  /** The set after a character, or null where a match has ended before it. */
  after(set: StateSet, character: number): StateSet | null {
    let next = set.next.get(character);
    if (next === undefined) {
      next = this.follow(set, character);
      set.next.set(character, next);
    }
    return next;
  }

  private follow({ reached, before }: StateSet, character: number): StateSet | null {
    const { instructions, entered, look } = this;
    const search = ++this.search;
    // A match may begin anywhere.
    const waiting = [...reached, 0];
    const next: number[] = [];
    while (waiting.length > 0) {
      const state = waiting.pop()!;
      look();
      if (entered[state] === search) continue;
      entered[state] = search;
      const instruction = instructions[state]!;
      if (instruction.kind === 'match') return null;
      if (instruction.kind === 'fork') for (const to of instruction.to) waiting.push(to);
      else if (instruction.kind === 'assertion') {
        if (this.holds(instruction.assertion, before, character)) waiting.push(state + 1);
      } else if (character !== END && has(instruction.set, character)) next.push(state + 1);
    }
    return this.setOf(next, character);
  }

  private setOf(reached: number[], character: number): StateSet {
    const before = has(WORD, character) ? 'word' : has(LINE_ENDS, character) ? 'lineEnd' : 'other';
    reached.sort((a, b) => a - b);
    const key = `${before} ${reached.join()}`;
    let set = this.known.get(key);
    if (!set) {
      set = { reached, before, next: new Map() };
      this.known.set(key, set);
    }
    return set;
  }

  private holds(assertion: Assertion, before: StateSet['before'], character: number): boolean {
    const isBoundary = (before === 'word') !== has(WORD, character);
    switch (assertion) {
      case 'start':
        return before === 'start' || (this.multiline && before === 'lineEnd');
      case 'end':
        return character === END || (this.multiline && has(LINE_ENDS, character));
      case 'boundary':
        return isBoundary;
      case 'noBoundary':
        return !isBoundary;
    }
  }
}
