/** Comparing results: verdicts, their intervals, and what is left out. */
import { describe, expect, it } from 'vitest';
import { compare } from '../src/compare/compare';
import { layersLine, stepLine, trainLine } from './fixtures';

const timed = (median: number, spread = 0.02, rounds = 100) => layersLine({ rounds, ratio: { median, lower: median * (1 - spread), upper: median * (1 + spread) } });
const verdict = (...pair: [ReturnType<typeof timed>, ReturnType<typeof timed>]) => compare([pair[0]], [pair[1]])[0]!;

describe('a timing', () => {
  it('is the same as itself, and its interval holds 1', () => {
    const { ratio, interval, verdict: found } = verdict(timed(0.05), timed(0.05));
    expect([ratio, found]).toEqual([1, 'same']);
    expect(interval![0]).toBeLessThan(1);
    expect(interval![1]).toBeGreaterThan(1);
  });

  it('is better, worse, or unclear by its whole interval', () => {
    expect(verdict(timed(0.05), timed(0.06)).verdict).toBe('worse');
    expect(verdict(timed(0.05), timed(0.04)).verdict).toBe('better');
    expect(verdict(timed(0.05, 0.5, 7), timed(0.06, 0.5, 7)).verdict).toBe('unclear');
    expect(verdict(timed(0.05), timed(0.051)).verdict).toBe('same');
    expect(compare([timed(0.05)], [timed(0.051)], { tolerance: 0.001 })[0]!.verdict).toBe('worse');
  });

  it('that was repeated is judged by the repetitions, not by the quartiles of one', () => {
    const [calm, wild] = [[0.05, 0.051, 0.049, 0.05], [0.05, 0.09, 0.03, 0.07]].map((medians) => medians.map((median) => timed(median, 0.001)));
    expect(compare(calm!, calm!)[0]!.verdict).toBe('same');
    expect(compare(calm!, wild!)[0]!.verdict).toBe('unclear');
    expect(compare(calm!, wild!)).toEqual(compare(calm!, wild!));
  });
});

it('leaves times of machines out unless asked, and figures that only one side has', () => {
  expect(new Set(compare([stepLine(), timed(1)], [stepLine()]).map(({ unit }) => unit))).toEqual(new Set(['ratio']));
  expect(compare([stepLine()], [stepLine()], { units: ['ms'] })).toHaveLength(5);
  expect(compare([stepLine()], [layersLine()])).toEqual([]);
});

it('compares test errors over seeds, and has no verdict on a single one', () => {
  const runs = (accuracies: number[]) => accuracies.map((testAccuracy, seed) => trainLine({ testAccuracy, seed }));
  expect(compare(runs([0.97]), runs([0.9]))[0]).toMatchObject({ interval: null, verdict: 'unclear' });
  expect(compare(runs([0.97, 0.971, 0.969]), runs([0.94, 0.941, 0.939]))[0]!.verdict).toBe('worse');
  expect(compare(runs([0.94, 0.941, 0.939]), runs([0.97, 0.971, 0.969]))[0]!.verdict).toBe('better');
});
