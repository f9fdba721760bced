/** Expressions: what is read, how it is written back, and all that is refused. */
import { describe, expect, it } from 'vitest';
import { matching } from '@clipkit/core';
import { UsageError } from '../src/errors';
import { format } from '../src/expressions/expression';
import { parse, parseList } from '../src/expressions/parse';

describe('canonical spelling', () => {
  it.each([
    ['none', 'none'],
    [' byGlobalNorm( 1.0 ) ', 'byGlobalNorm(1)'],
    ['byGlobalNorm(1)|byValue(0.5)', 'byGlobalNorm(1) | byValue(0.5)'],
    ['a|b|c', 'a | b | c'],
    ['byValue([-1,+2e-3])', null],
    ['byValue([-1,2e-3])', 'byValue([-1, 0.002])'],
    ['byNorm(Infinity,{ord:Infinity})', 'byNorm(Infinity, {ord: Infinity})'],
    ['tf.train.adam(1e-3)', 'tf.train.adam(0.001)'],
    ["perGroup([{match:'bias',use:byValue(1)},{match:/conv.*\\/kernel$/i,use:byNorm(1)|byValue(2)}],{rest:byNorm(3)})",
      'perGroup([{match: "bias", use: byValue(1)}, {match: /conv.*\\/kernel$/i, use: byNorm(1) | byValue(2)}], {rest: byNorm(3)})'],
    ['adam({amsgrad:true,"weight decay":null,learningRate:cosine({from:1,to:0,steps:10})})',
      'adam({amsgrad: true, "weight decay": null, learningRate: cosine({from: 1, to: 0, steps: 10})})'],
  ])('%s', (text, canonical) => {
    if (canonical === null) return void expect(() => parse(text)).toThrow(/cannot read/);
    expect(format(parse(text))).toBe(canonical);
    expect(format(parse(canonical))).toBe(canonical);
  });
});

it('splits lists at commas outside parentheses', () => {
  expect(parseList('none, byNorm(1, {ord: 1}) | byValue(2), byValue([-1, 1])').map(format)).toEqual(['none', 'byNorm(1, {ord: 1}) | byValue(2)', 'byValue([-1, 1])']);
});

describe('refuses what is too deep or too long, in words', () => {
  const deep = (open: string, close: string, times: number): string => `${open.repeat(times)}1${close.repeat(times)}`;
  it.each([
    ['parentheses', deep('(', ')', 10_000)], ['a few more parentheses', deep('(', ')', 101)], ['calls', deep('warmup(', ')', 1000)], ['lists', deep('[', ']', 4000)], ['objects', deep('{a:', '}', 1000)],
    ['signs', `${'- '.repeat(4900)}1`], ['links', `${'a|'.repeat(4900)}a!`], ['arrows', 'a=>'.repeat(3000)], ['assignments', `${'a='.repeat(4000)}1`], ['choices', `${'a?b:'.repeat(2400)}c`], ['a text', `"${'x'.repeat(20_000)}"`],
  ])('%s', (_name, text) => {
    let said = '';
    try {
      parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      said = (error as Error).message;
    }
    expect(said).toMatch(/^\[bench\] cannot read/);
    expect(said).not.toMatch(/call stack/);
    expect(said.length).toBeLessThan(800);
  });

  it('takes what is nested as one would', () => {
    expect(format(parse(deep('errorFeedback(', ')', 50)))).toBe(deep('errorFeedback(', ')', 50));
  });
});

describe('patterns', () => {
  it('never back-track', () => {
    const pattern = parse('/(a+)+$/') as RegExp;
    expect(matching(pattern)({ name: `${'a'.repeat(5000)}!`, canonicalName: '' } as never)).toBe(false);
    expect(matching(parse('/^A+!$/i') as RegExp)({ name: 'aa!', canonicalName: '' } as never)).toBe(true);
  }, 5000);

  it.each([['/(?=a)/', 'a look-ahead'], ['/(a)\\1/', 'a back-reference'], ['/a{99999}/', 'states']])('%s', (text, words) => {
    expect(() => parse(text)).toThrow(words);
    expect(() => parse(text)).toThrow(UsageError);
  });
});

describe('refuses code', () => {
  it.each([
    'byNorm(1 + 1)', 'byNorm(() => 1)', 'f`x`', 'a[0](1)', 'a?.b()', 'new Map()', 'byNorm(...[1])', 'import("fs")', '({ get a() { return 1 } })', '({ a })',
    '({ __proto__: { a: 1 } })', '({ "__proto__": 1 })', '({ [a]: 1 })', 'this.constructor', '(function () {})()', 'a = 1', 'byNorm(1) byNorm(2)', 'byNorm(1', '',
    '[1,,2]', '1n', '`${a}`', '!a', '1 | 2', 'a && b',
  ])('%s', (text) => {
    expect(() => parse(text)).toThrow(/\[bench\] cannot read/);
  });

  it('more than one expression where one is wanted', () => {
    expect(() => parse('a, b')).toThrow('[bench] expected one expression, got 2');
  });
});
