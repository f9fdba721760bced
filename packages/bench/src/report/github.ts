/** The report in the format of github-action-benchmark's `customSmallerIsBetter`: one entry a figure, for charts over commits. */
import type { ResultLine } from '../results/schema';
import { figures } from './figures';

export function githubBenchmark(lines: readonly ResultLine[]): string {
  const entries = lines.flatMap((line) => figures(line).map(({ name, unit, value, lower, upper }) => ({
    name,
    unit,
    value,
    ...(lower !== null && upper !== null && { range: `${lower} – ${upper}` }),
    extra: `${line.machine.processor}, ${line.machine.platform}, Node ${line.versions['node']}${line.command === 'train' ? `, seed ${line.seed}` : ''}`,
  })));
  return `${JSON.stringify(entries, null, 2)}\n`;
}
