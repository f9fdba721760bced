/** Regular expressions as instructions, of which all that a text can have reached are followed at once. */
import { END, StateSets, type Instruction } from './states';
import type { Expression } from './syntax';

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
  private readonly sets: StateSets;

  /** @param look called for each look at an instruction that is not known already: throws where there were too many */
  constructor(expression: Expression, flags: string, look: () => void) {
    this.unicode = flags.includes('u');
    this.emit(expression);
    this.instructions.push({ kind: 'match' });
    this.sets = new StateSets(this.instructions, flags.includes('m'), look);
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
    let set = this.sets.start;
    for (let at = 0; at < text.length; ) {
      const character = this.unicode ? text.codePointAt(at)! : text.charCodeAt(at);
      const next = this.sets.after(set, character);
      if (next === null) return true;
      set = next;
      at += character > 0xffff ? 2 : 1;
    }
    return this.sets.after(set, END) === null;
  }
}
