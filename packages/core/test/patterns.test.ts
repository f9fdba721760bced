/** Patterns that come from a file: the same answers as the language's own RegExp, in linear time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternBudget, readPattern, testerOf } from '../src/patterns';

/** Milliseconds, by far enough for what is linear and never for what is not. */
const ENOUGH = 5000;
const ours = (source: string, flags: string): ((text: string) => boolean) => testerOf(readPattern('here', source, flags));

/** Random texts of patterns, built from all the syntax there is; small ones, since RegExp does back-track. */
const letters = fc.constantFrom(...'abcxyzABZ019_/-. :'.split(''), '\\/', '\\.', '\\\\', '\\-', '\\n', '\\x41', '\\u0062', '\\0', '\\t', '{', '}', ']', '-', ',', '&', '\\_'.slice(1));
const unicodeLetters = fc.constantFrom('a', 'b', '/', '\\/', 'é', '😀', '\\u{1F600}', '\\uD83D\\uDE00', '_', '1', '-');
const sets = fc.constantFrom('.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '[^]', '[]');
const ends = fc.constantFrom('^', '$', '\\b', '\\B');
const classOf = (atoms: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.tuple(fc.constantFrom('', '^'), fc.array(atoms, { maxLength: 4 })).map(([not, items]) => `[${not}${items.join('')}]`);
const plainClass = classOf(fc.constantFrom('a', 'b-y', 'A-Z', '0-9', '\\d', '\\W', '\\s', '-', '_', '\\]', '\\b', '.', 'A-z', '\\x30-\\x35', '/'));
const unicodeClass = classOf(fc.constantFrom('a', 'b-y', '0-9', '\\d', '\\W', '_', '\\]', '😀-😎', '\\u{61}-\\u{63}', 'é'));
const quantifiers = fc.constantFrom('', '', '', '?', '*', '+', '{2}', '{1,}', '{0,3}', '{1,2}', '{0}', '*?', '+?', '??', '{1,3}?');

function patterns(atom: fc.Arbitrary<string>, withClass: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ either: string; sequence: string; term: string }>((tie) => ({
    either: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((all) => all.join('|')),
    sequence: fc.array(tie('term'), { maxLength: 3 }).map((all) => all.join('')),
    term: fc.oneof(
      { maxDepth: 2 },
      fc.tuple(fc.oneof(atom, sets, withClass), quantifiers).map((both) => both.join('')),
      ends,
      fc.tuple(fc.constantFrom('(', '(?:', '(?<name>'), tie('either'), quantifiers).map(([open, inner, times]) => `${open}${inner})${times}`),
    ),
  })).either;
}

const valid = (source: string, flags: string): boolean => {
  try {
    return new RegExp(source, flags) instanceof RegExp;
  } catch {
    return false;
  }
};
const names = fc.oneof(
  fc.stringMatching(/^[abcxyABZ019_\-/. :{}\]\\,\n]{0,6}$/),
  fc.constantFrom('conv', '_1', '/bias', 'a/b', 'Dense1'),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.stringMatching(/^[ab😀é\u2028ſK]{0,6}$/),
);

describe('the same answers as RegExp', () => {
  const check = (source: string, flags: string, texts: readonly string[]): void => {
    fc.pre(valid(source, flags) && !/\\0\d/.test(source));
    const test = ours(source, flags);
    const native = new RegExp(source, flags.replace(/[gy]/g, ''));
    for (const text of texts) expect([text, test(text)]).toEqual([text, native.test(text)]);
  };
  const texts = fc.array(names, { minLength: 3, maxLength: 8 });

  it('for random patterns, flags and names', () => {
    fc.assert(fc.property(patterns(letters, plainClass), fc.constantFrom('', 'i', 's', 'm', 'g', 'is', 'im', 'gy', 'dms'), texts, check), { numRuns: 3000 });
  });

  it('for code points', () => {
    fc.assert(fc.property(patterns(unicodeLetters, unicodeClass), fc.constantFrom('u', 'su', 'mu', 'gu'), texts, check), { numRuns: 2000 });
  });

  it.each([
    [/bias$/], [/embedding/i], [/^head.*kernel/], [/^(conv|dense)_\d+\/kernel$/], [/(?:)/], [/a{,3}/], [/x{2/], [/^[^/]+\/(kernel|bias)$/], [/[\w-]+?\b/], [/a{0}b/], [/[]|c/], [/(a*)*b/], [/(a|a)*$/], [/(^a|b$){2}/],
  ])('%s', (pattern) => {
    const test = ours(pattern.source, pattern.flags);
    for (const text of ['', 'a', 'aab', 'b', 'bias', 'dense/bias', 'Embedding_1', 'conv_2/kernel', 'dense_12/kernel', 'head/x/kernel', 'a{,3}', 'x{2', 'c', 'ab']) {
      expect([text, test(text)]).toEqual([text, pattern.test(text)]);
    }
  });
});

describe('refused, in words', () => {
  it.each([
    ['(?=a)', '', 'a look-ahead'], ['(?!a)', '', 'a look-ahead'], ['(?<=a)', '', 'a look-behind'], ['(?<!a)', '', 'a look-behind'],
    ['(a)\\1', '', 'a back-reference'], ['(?<x>a)\\k<x>', '', 'a back-reference'], ['\\p{L}', 'u', 'the escape \\p'], ['\\cJ', '', 'the escape \\c'],
    ['[\\1]', '', 'an octal escape'], ['é', 'i', 'the flag i beside letters other than a to z'], ['a', 'iu', 'the flags i and u together'],
    ['(', '', 'is not a regular expression'], ['a', 'q', 'is not a regular expression'], ['[b-a]', '', 'is not a regular expression'],
    ['a{20000}', '', 'states'], ['(((a{100}){100}){100}){100}', '', 'states'], ['a{99999999999999999999}', '', 'states'], ['(?:){1000000}', '', 'states'],
    [`${'('.repeat(101)}a${')'.repeat(101)}`, '', 'more than 100 groups'], ['a'.repeat(10_001), '', 'at most 10000 characters'],
    [`${'('.repeat(4999)}${')'.repeat(4999)}`, '', 'pattern'],
  ])('%.40s', (source, flags, words) => {
    const read = (): RegExp => readPattern('[core] fromConfig: rule.options.exclude', source, flags);
    expect(read).toThrow(words);
    expect(read).toThrow('[core] fromConfig: rule.options.exclude: ');
  }, ENOUGH);
});

it.each([
  ['(a+)+$', false], ['^(a|aa)*$', false], ['^(([a-z])+.)+[A-Z]([a-z])+$', false], ['(.*a){20}$', false], ['(x+x+)+y', false], ['(a?){300}a{300}b', false], ['(a+)+!', true],
])('%s does not back-track', (source, found) => {
  const test = ours(source, '');
  expect(test(`${'a'.repeat(5000)}!`)).toBe(found);
  expect(test('x'.repeat(5000))).toBe(false);
}, ENOUGH);

describe('patterns and names that are large together', () => {
  const letters = Array.from({ length: 4900 }, (_, index) => String.fromCharCode(0x4000 + 2 * index));
  const wide = `[${letters.join('')}]`;
  const name = letters.at(-1)!.repeat(10_000);
  it.each([
    ['a class of many ranges', `${wide}{2400}x`, name],
    ['many classes', `(${wide.slice(0, 2000)}]*${wide.slice(0, 2000)}]*)*x`, name],
    ['stars in stars', `${'(((a*)*)*)*'.repeat(600)}x`, 'a'.repeat(10_000)],
    ['all states at each letter', 'a{1,4000}x', 'a'.repeat(10_000)],
    ['no two sets of states alike', '(a|b)*a[ab]{3000}x', Array.from({ length: 10_000 }, (_, at) => 'ab'[(at * at + (at >> 3)) % 2]!).join('')],
    ['groups of nothing', '((){1,60}){1,60}x', 'abc'.repeat(3000)],
  ])('%s: no match, or refused in words', (_, source, text) => {
    const test = ours(source, '');
    let found: boolean | string;
    try {
      found = test(text);
    } catch (error) {
      found = (error as RangeError).message;
    }
    if (found !== false) expect(found).toMatch(/^\[core\] matching: the patterns of a saved configuration are too expensive/);
  }, ENOUGH);

  it('ordinary ones cost as good as nothing, however often they are asked', () => {
    const budget = patternBudget();
    const names = Array.from({ length: 500 }, (_, at) => `model/block_${at}/attention/dense_${at % 7}/kernel`);
    const tests = Array.from({ length: 300 }, (_, at) => testerOf(readPattern('here', `block_${at}/.*(kernel|bias)$`, '', budget)));
    for (let again = 0; again < 3; again++) expect(tests.map((test) => names.filter(test).length)).toEqual(tests.map(() => 1));
    expect(budget.looks).toBeGreaterThan(patternBudget().looks / 2);
  });
});

it('looks, shows and saves itself like the RegExp that it stands for', () => {
  const read = readPattern('here', '^a/b', 'g');
  expect([read instanceof RegExp, read.source, read.flags, String(read)]).toEqual([true, '^a\\/b', 'g', '/^a\\/b/g']);
  expect(testerOf(readPattern('here', read.source, read.flags))('a/b')).toBe(true);
});
