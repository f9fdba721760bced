/** Expressions: what is read, how it is written back, and all that is refused. */
import { describe, expect, it } from 'vitest';
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
