/** clipkit-bench report: turns results files into something to read. */
import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import { formats, report, type ReportFormat } from '../report';
import { readResults, writeText } from '../results/file';
import { print } from '../terminal';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('make a report from results files')
    .argument('<results...>', 'results files (JSON Lines)')
    .addOption(new Option('-f, --format <name>', 'default from the ending of --out, else md').choices(Object.keys(formats)))
    .option('--out <file>', 'write here in place of the terminal')
    .addHelpText('after', `
The HTML is one file with its charts inside: no scripts, nothing from the network. github-benchmark is what
benchmark-action/github-action-benchmark reads as customSmallerIsBetter.

Examples:
  $ clipkit-bench report results.jsonl
  $ clipkit-bench report results.jsonl steps.jsonl --out report.html
  $ clipkit-bench report steps.jsonl --format github-benchmark --out benchmark.json`)
    .action(async (files: string[], { format, out }: { format?: ReportFormat; out?: string }) => {
      const text = report(await readResults(...files), format ?? byEnding(out));
      if (!out) return void process.stdout.write(text);
      await writeText(out, text);
      print(`Report written to ${out}`);
    });
}

const byEnding = (out = ''): ReportFormat => ({ '.html': 'html', '.htm': 'html', '.json': 'json' } as const)[extname(out)] ?? 'md';
