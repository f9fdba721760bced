/** The report in the format of github-action-benchmark's `customSmallerIsBetter`: one entry a figure, for charts over commits. */
import { variantNames, type ResultLine } from '../results/schema';
import { variantLabels } from './tables';

interface Entry {
  name: string;
  unit: string;
  value: number;
  range?: string;
  extra?: string;
}

export function githubBenchmark(lines: readonly ResultLine[]): string {
  return `${JSON.stringify(lines.flatMap(entries), null, 2)}\n`;
}

function entries(line: ResultLine): Entry[] {
  const extra = `${line.machine.processor}, ${line.machine.platform}, Node ${line.versions['node']}`;
  if (line.command === 'train') {
    const run = `${line.model} ${line.optimizer} ${line.clip} ${line.backend} seed ${line.seed}`;
    const { median, lower, upper } = line.millisecondsPerStep;
    return [
      ...entry(`${run}: step`, 'ms', median, lower, upper, extra),
      ...(line.testAccuracy === null ? [] : [{ name: `${run}: test error`, unit: 'share', value: Number((1 - line.testAccuracy).toPrecision(6)), extra }]),
    ];
  }
  return variantNames.flatMap((name) => {
    const time = line.milliseconds[name];
    return time ? entry(`step ${line.optimizer} ${line.backend} ${line.size}: ${variantLabels[name]}`, 'ms', time.median, time.lower, time.upper, extra) : [];
  });
}

const entry = (name: string, unit: string, median: number | null, lower: number | null, upper: number | null, extra: string): Entry[] =>
  (median === null ? [] : [{ name, unit, value: median, range: `${lower} – ${upper}`, extra }]);
