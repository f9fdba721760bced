/**
 * Matching by the set of all states at once [Thompson 1968, "Regular expression search algorithm"]: each character is
 * looked at once, so no text and no pattern can make it back-track.
 */
import { has, LINE_ENDS, WORD, type CharacterSet } from './sets';
import type { Assertion, Expression } from './syntax';

type Instruction =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  /** Goes on at each of these. */
  | { readonly kind: 'fork'; readonly to: number[] }
  | { readonly kind: 'match' };

/** How many instructions an expression becomes, before any is made: repetitions are written out. */
export function sizeOf(expression: Expression): number {
  switch (expression.kind) {
    case 'set':
    case 'assertion':
      return 1;
    case 'sequence':
      return expression.parts.reduce((all, each) => all + sizeOf(each), 1);
    case 'either':
      return expression.choices.reduce((all, each) => all + sizeOf(each) + 1, 1);
    case 'repeat':
      return (
        2 + (sizeOf(expression.body) + 1) * (expression.most === Infinity ? expression.least + 1 : expression.most)
      );
  }
}

export class PatternProgram {
  private readonly instructions: Instruction[] = [];
  private readonly unicode: boolean;
  private readonly multiline: boolean;

  constructor(expression: Expression, flags: string) {
    this.unicode = flags.includes('u');
    this.multiline = flags.includes('m');
    this.emit(expression);
    this.instructions.push({ kind: 'match' });
  }

  private emit(expression: Expression): void {
    switch (expression.kind) {
      case 'set':
      case 'assertion':
        this.instructions.push(expression);
        break;
      case 'sequence':
        for (const part of expression.parts) this.emit(part);
        break;
      case 'either':
        this.emitEither(expression.choices);
        break;
      case 'repeat':
        this.emitRepeat(expression.body, expression.least, expression.most);
    }
  }

  private fork(...to: number[]): number[] {
    this.instructions.push({ kind: 'fork', to });
    return to;
  }

  private emitEither(choices: readonly Expression[]): void {
    const starts = this.fork();
    const ends = choices.map((choice) => {
      starts.push(this.instructions.length);
      this.emit(choice);
      return this.fork();
    });
    for (const end of ends) end.push(this.instructions.length);
  }

  private emitRepeat(body: Expression, least: number, most: number): void {
    for (let copy = 0; copy < least; copy++) this.emit(body);
    if (most === Infinity) {
      const start = this.instructions.length;
      const head = this.fork(start + 1);
      this.emit(body);
      this.fork(start);
      head.push(this.instructions.length);
      return;
    }
    const exits: number[][] = [];
    for (let copy = least; copy < most; copy++) {
      exits.push(this.fork(this.instructions.length + 1));
      this.emit(body);
    }
    for (const exit of exits) exit.push(this.instructions.length);
  }

  /** Whether the pattern occurs anywhere in the text. */
  test(text: string): boolean {
    const characters = this.unicode
      ? Array.from(text, (each) => each.codePointAt(0)!)
      : Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    const { instructions } = this;
    /** Where each instruction was entered last, so that none is entered twice at one place. */
    const entered = new Int32Array(instructions.length).fill(-1);
    let states: number[] = [];
    for (let at = 0; at <= characters.length; at++) {
      // A match may begin anywhere.
      const waiting = [...states, 0];
      states = [];
      while (waiting.length > 0) {
        const state = waiting.pop()!;
        if (entered[state] === at) continue;
        entered[state] = at;
        const instruction = instructions[state]!;
        if (instruction.kind === 'match') return true;
        if (instruction.kind === 'fork') waiting.push(...instruction.to);
        else if (instruction.kind === 'assertion') {
          if (this.holds(instruction.assertion, characters, at)) waiting.push(state + 1);
        } else if (at < characters.length && has(instruction.set, characters[at]!)) states.push(state + 1);
      }
    }
    return false;
  }

  private holds(assertion: Assertion, characters: readonly number[], at: number): boolean {
    const isWord = (index: number): boolean => index >= 0 && index < characters.length && has(WORD, characters[index]!);
    switch (assertion) {
      case 'start':
        return at === 0 || (this.multiline && has(LINE_ENDS, characters[at - 1]!));
      case 'end':
        return at === characters.length || (this.multiline && has(LINE_ENDS, characters[at]!));
      case 'boundary':
        return isWord(at - 1) !== isWord(at);
      case 'noBoundary':
        return isWord(at - 1) === isWord(at);
    }
  }
}
