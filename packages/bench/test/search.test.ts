/** Threshold search: the folds, the placeholder, and the choice. */
import { expect, it } from 'vitest';
import { grid } from '../src/commands/options';
import { asGood, best, foldsOf, withThreshold } from '../src/search/search';
import { searchLine } from './fixtures';

it('shares examples out in folds of nearly equal size, each in one, shuffled by the seed', () => {
  const folds = foldsOf(11, 3, 5);
  expect(folds.map((fold) => fold.length)).toEqual([4, 4, 3]);
  expect(folds.flat().sort((first, second) => first - second)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(foldsOf(11, 3, 5)).toEqual(folds);
  expect(foldsOf(11, 3, 6)).not.toEqual(folds);
  expect(() => foldsOf(3, 4, 1)).toThrow('[bench] search: expected 2 to 3 folds for 3 examples, got 4');
});

it('puts thresholds in the place of each ?', () => {
  expect(withThreshold('byNorm(?) | byValue([-1, ?])', 0.5)).toBe('byNorm(0.5) | byValue([-1, 0.5])');
  expect(() => withThreshold('byNorm(1)', 2)).toThrow('expected a ? in the place of the threshold');
});

it('chooses the least mean loss among thresholds whose loss stayed finite', () => {
  const lines = [searchLine(0.1, [0.5, 0.6]), searchLine(1, [0.3, 0.5]), searchLine(10, [0.1, null])];
  expect(best(lines)!.threshold).toBe(1);
  expect(best([lines[2]!])).toBeNull();
  expect(best([])).toBeNull();
});

it('names the thresholds that are as good within one standard error', () => {
  const lines = [searchLine(0.1, [0.42, 0.44]), searchLine(1, [0.3, 0.5]), searchLine(2, [0.6, 0.7]), searchLine(10, [0.1, null])];
  expect(asGood(lines, best(lines)!).map(({ threshold }) => threshold)).toEqual([0.1]);
});

it('reads grids', () => {
  expect(grid('0.1:10:3')).toEqual([0.1, 1, 10]);
  expect(grid('0.5, 1,5')).toEqual([0.5, 1, 5]);
  for (const text of ['', '1:0.1:3', '0:1:3', '1:2', '1:2:1', '1:2:3:4', '1,-1', 'a']) expect(() => grid(text)).toThrow(/Expected from:to:count/);
});
