/** Compares two sets of results figure by figure: the ratio new / base, its 95 % interval, and a verdict. */
import { uniform } from '@clipkit/models';
import { median, quantileSorted, sampleWithReplacement } from 'simple-statistics';
import { figures, type Figure } from '../report/figures';
import type { ResultLine } from '../results/schema';

export type Verdict = 'better' | 'same' | 'worse' | 'unclear';

export interface Comparison {
  name: string;
  unit: Figure['unit'];
  base: number;
  next: number;
  ratio: number;
  /** Null where there is but one sample without a spread. */
  interval: [number, number] | null;
  verdict: Verdict;
}

/** Lines of the same figure from which an interval can be drawn; fewer are judged by their own quartiles. */
const FEWEST_LINES = 3;
const RESAMPLES = 2000;
/** Standard error of a median of normal samples over that of their mean, and quartile distance over standard deviation. */
const [MEDIAN_ERROR, QUARTILES] = [1.2533, 1.349];

/** Figures that both sets hold, in the base's order. Times of different machines mean nothing, so that `units` leaves them out by default. */
export function compare(base: readonly ResultLine[], next: readonly ResultLine[], { tolerance = 0.05, units = ['ratio', 'error'] as readonly Figure['unit'][] } = {}): Comparison[] {
  const [old, fresh] = [byName(base), byName(next)];
  return [...old].flatMap(([name, before]) => {
    const after = fresh.get(name);
    const { unit } = before[0]!;
    if (!after || !units.includes(unit)) return [];
    const [from, to] = [median(values(before)), median(values(after))];
    const interval = intervalOf(before, after);
    return [{ name, unit, base: from, next: to, ratio: to / from, interval, verdict: judge(interval, tolerance) }];
  });
}

const values = (samples: readonly Figure[]): number[] => samples.map(({ value }) => value);

function byName(lines: readonly ResultLine[]): Map<string, Figure[]> {
  const found = new Map<string, Figure[]>();
  for (const figure of lines.flatMap(figures)) found.set(figure.name, [...(found.get(figure.name) ?? []), figure]);
  return found;
}

function judge(interval: [number, number] | null, tolerance: number): Verdict {
  if (!interval) return 'unclear';
  const [lower, upper] = interval;
  if (lower > 1 + tolerance) return 'worse';
  if (upper < 1 - tolerance) return 'better';
  return lower >= 1 - tolerance && upper <= 1 + tolerance ? 'same' : 'unclear';
}

function intervalOf(before: readonly Figure[], after: readonly Figure[]): [number, number] | null {
  if (Math.min(before.length, after.length) >= FEWEST_LINES) return bootstrap(values(before), values(after));
  const [from, to] = [errorOf(before[0]!), errorOf(after[0]!)];
  if (from === null || to === null) return null;
  const ratio = after[0]!.value / before[0]!.value;
  const width = Math.exp(1.96 * Math.hypot(from, to));
  return [ratio / width, ratio * width];
}

/** The relative standard error of a median, from its quartiles. */
function errorOf({ value, lower, upper, samples }: Figure): number | null {
  if (lower === null || upper === null || samples < 2) return null;
  return (MEDIAN_ERROR * (upper - lower)) / (QUARTILES * Math.sqrt(samples) * value);
}

/** The middle 95 % of the ratios of medians of resampled lines. */
function bootstrap(before: number[], after: number[]): [number, number] {
  const random = uniform(1);
  const draw = (samples: number[]) => median(sampleWithReplacement(samples, samples.length, random));
  const ratios = Array.from({ length: RESAMPLES }, () => draw(after) / draw(before)).sort((first, second) => first - second);
  return [quantileSorted(ratios, 0.025), quantileSorted(ratios, 0.975)];
}
