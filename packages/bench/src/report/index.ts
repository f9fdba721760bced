/** Reports from results lines, one function a format. */
import type { ResultLine } from '../results/schema';
import { githubBenchmark } from './github';
import { html } from './html';
import { markdown } from './markdown';

export const formats = {
  md: markdown,
  html,
  json: (lines: readonly ResultLine[]): string => `${JSON.stringify(lines, null, 2)}\n`,
  'github-benchmark': githubBenchmark,
} satisfies Record<string, (lines: readonly ResultLine[]) => string>;

export type ReportFormat = keyof typeof formats;

/** The report in the format. */
export const report = (lines: readonly ResultLine[], format: ReportFormat): string => formats[format](lines);
