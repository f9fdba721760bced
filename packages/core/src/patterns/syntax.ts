/**
 * Reads the text of a regular expression, as far as it can be matched in linear time. The text is a valid one: the
 * language's own RegExp has read it before.
 */
import { bothCases, complement, DIGITS, EVERYTHING, LINE_ENDS, SPACES, union, WORD, type CharacterSet } from './sets';

/** What must hold between two characters. */
export type Assertion = 'start' | 'end' | 'boundary' | 'noBoundary';

export type Expression =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'either'; readonly choices: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly body: Expression; readonly least: number; readonly most: number };

/** Groups in groups: as deep as nobody writes, and far from the end of the stack. */
const DEEPEST = 100;
const ESCAPED_SETS: Readonly<Record<string, CharacterSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d };

/** Throws, by `refuse`, what in the text has no linear match. */
export function readExpression(source: string, flags: string, refuse: (what: string) => never): Expression {
  return new Reader(source, flags, refuse).read();
}

class Reader {
  private readonly text: readonly string[];
  private readonly ignoreCase: boolean;
  private readonly unicode: boolean;
  private readonly dot: CharacterSet;
  private at = 0;
  private depth = 0;

  constructor(
    source: string,
    flags: string,
    private readonly refuse: (what: string) => never,
  ) {
    this.unicode = flags.includes('u');
    this.ignoreCase = flags.includes('i');
    this.text = this.unicode ? Array.from(source) : source.split('');
    this.dot = flags.includes('s') ? EVERYTHING : complement(LINE_ENDS);
  }

  read(): Expression {
    const choices = [this.sequence()];
    while (this.take('|')) choices.push(this.sequence());
    return choices.length === 1 ? choices[0]! : { kind: 'either', choices };
  }

  private sequence(): Expression {
    const parts: Expression[] = [];
    while (this.at < this.text.length && !this.sees('|') && !this.sees(')')) parts.push(this.repeated(this.term()));
    return { kind: 'sequence', parts };
  }

  private term(): Expression {
    const character = this.next();
    switch (character) {
      case '^':
        return { kind: 'assertion', assertion: 'start' };
      case '$':
        return { kind: 'assertion', assertion: 'end' };
      case '.':
        return { kind: 'set', set: this.dot };
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', set: this.characterClass() };
      case '\\':
        return this.escaped();
      default:
        return this.literal(character.codePointAt(0)!);
    }
  }

  private group(): Expression {
    if (this.take('?')) this.groupHead();
    this.depth += 1;
    if (this.depth > DEEPEST) this.refuse(`more than ${DEEPEST} groups in one another`);
    const inner = this.read();
    this.depth -= 1;
    this.at += 1;
    return inner;
  }

  private groupHead(): void {
    if (this.take(':')) return;
    if (this.sees('=') || this.sees('!')) this.refuse('a look-ahead');
    if (!this.take('<')) this.refuse('a group with flags of its own');
    if (this.sees('=') || this.sees('!')) this.refuse('a look-behind');
    while (!this.take('>')) this.at += 1;
  }

  private escaped(): Expression {
    const character = this.next();
    if (character === 'b') return { kind: 'assertion', assertion: 'boundary' };
    if (character === 'B') return { kind: 'assertion', assertion: 'noBoundary' };
    if (/[1-9k]/.test(character)) this.refuse('a back-reference');
    if (Object.hasOwn(ESCAPED_SETS, character)) return { kind: 'set', set: ESCAPED_SETS[character]! };
    return this.literal(this.escapedCharacter(character));
  }

  /** The one character that an escape means. */
  private escapedCharacter(character: string): number {
    if (Object.hasOwn(CONTROLS, character)) return CONTROLS[character]!;
    if (/[cpP]/.test(character)) this.refuse(`the escape \\${character}`);
    if (character === '0' && /[0-9]/.test(this.text[this.at] ?? '')) this.refuse('an octal escape');
    if (character === '0') return 0;
    if (character === 'x') return this.hexadecimal(2) ?? 0x78;
    if (character === 'u') return this.unicodeEscape();
    return character.codePointAt(0)!;
  }

  private unicodeEscape(): number {
    if (this.unicode && this.take('{')) {
      const end = this.text.indexOf('}', this.at);
      const code = parseInt(this.text.slice(this.at, end).join(''), 16);
      this.at = end + 1;
      return code;
    }
    const first = this.hexadecimal(4);
    if (first === null) return 0x75;
    return this.unicode && first >= 0xd800 && first <= 0xdbff ? this.pairedWith(first) : first;
  }

  /** Two escapes that are the halves of one character count as that character. */
  private pairedWith(high: number): number {
    const before = this.at;
    if (this.take('\\') && this.take('u')) {
      const low = this.hexadecimal(4);
      if (low !== null && low >= 0xdc00 && low <= 0xdfff) return (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000;
    }
    this.at = before;
    return high;
  }

  private hexadecimal(length: number): number | null {
    const digits = this.text.slice(this.at, this.at + length).join('');
    if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) return null;
    this.at += length;
    return parseInt(digits, 16);
  }

  private characterClass(): CharacterSet {
    const isNegated = this.take('^');
    const parts: CharacterSet[] = [];
    while (!this.take(']')) {
      const first = this.classAtom();
      if (!this.sees('-') || this.text[this.at + 1] === ']') {
        parts.push(this.asSet(first));
        continue;
      }
      this.at += 1;
      const last = this.classAtom();
      // Beside \d and its like a hyphen is itself.
      if (typeof first === 'number' && typeof last === 'number') parts.push(this.cased([first, last]));
      else parts.push(this.asSet(first), [0x2d, 0x2d], this.asSet(last));
    }
    const all = union(parts);
    return isNegated ? complement(all) : all;
  }

  private classAtom(): number | CharacterSet {
    const character = this.next();
    if (character !== '\\') return character.codePointAt(0)!;
    const escaped = this.next();
    if (escaped === 'b') return 0x08;
    if (/[1-9]/.test(escaped)) this.refuse('an octal escape');
    if (escaped === 'k') this.refuse('the escape \\k');
    return Object.hasOwn(ESCAPED_SETS, escaped) ? ESCAPED_SETS[escaped]! : this.escapedCharacter(escaped);
  }

  private asSet(atom: number | CharacterSet): CharacterSet {
    return typeof atom === 'number' ? this.cased([atom, atom]) : atom;
  }

  private literal(character: number): Expression {
    return { kind: 'set', set: this.cased([character, character]) };
  }

  private cased(range: readonly [number, number]): CharacterSet {
    if (!this.ignoreCase) return range;
    if (range[1] > 0x7f) this.refuse('the flag i beside letters other than a to z');
    return bothCases(range);
  }

  private repeated(body: Expression): Expression {
    const range = this.quantifier();
    if (!range) return body;
    // Greedy or lazy: whether there is a match is the same.
    this.take('?');
    return { kind: 'repeat', body, least: range[0], most: range[1] };
  }

  private quantifier(): readonly [number, number] | null {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    if (!this.sees('{')) return null;
    const end = this.text.indexOf('}', this.at);
    const counts = /^\{(\d+)(,(\d*))?\}$/.exec(end < 0 ? '' : this.text.slice(this.at, end + 1).join(''));
    // Any other brace is itself.
    if (!counts) return null;
    this.at = end + 1;
    const least = Number(counts[1]);
    return [least, counts[2] === undefined ? least : counts[3] === '' ? Infinity : Number(counts[3])];
  }

  private sees(character: string): boolean {
    return this.text[this.at] === character;
  }

  private take(character: string): boolean {
    const found = this.sees(character);
    if (found) this.at += 1;
    return found;
  }

  private next(): string {
    return this.text[this.at++]!;
  }
}
