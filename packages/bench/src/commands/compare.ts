/** clipkit-bench compare: did anything get worse? */
import { Option, type Command } from 'commander';
import { compare, type Comparison } from '../compare/compare';
import { UsageError } from '../errors';
import { number } from '../report/format';
import { readResults } from '../results/file';
import { print, printTable } from '../terminal';
import { positiveNumber } from './options';

export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('compare two results files; the exit code is 1 when a figure got worse')
    .argument('<base>', 'results to compare with')
    .argument('<new>', 'results to judge')
    .option('--tolerance <share>', 'changes up to this share count as none', positiveNumber, 0.05)
    .addOption(new Option('--times', 'compare milliseconds too: only for results of one quiet machine'))
    .addHelpText('after', `
Compared are ratios, which were taken within one run, and test errors. An interval (95 %) comes from the quartiles of a timing, or,
where both files hold a figure three times or more (repeated timings, several seeds), from resampling them. A figure is worse when its
whole interval is beyond the tolerance; unclear when the interval is too wide to say.

Examples:
  $ clipkit-bench compare main.jsonl branch.jsonl
  $ clipkit-bench compare before.jsonl after.jsonl --times --tolerance 0.1`)
    .action(async (base: string, next: string, { tolerance, times }: { tolerance: number; times?: boolean }) => {
      const compared = compare(await readResults(base), await readResults(next), { tolerance, ...(times && { units: ['ratio', 'error', 'ms'] }) });
      if (!compared.length) throw new UsageError(`[bench] compare: ${base} and ${next} have no figure in common`);
      printTable({ head: ['figure', 'verdict', 'base', 'new', 'new / base', '95 % interval'], text: 2, rows: compared.map(row) });
      const worse = compared.filter(({ verdict }) => verdict === 'worse').length;
      print(worse ? `${worse} of ${compared.length} figures got worse.` : `None of ${compared.length} figures got worse.`);
      if (worse) process.exitCode = 1;
    });
}

const row = ({ name, verdict, base, next, ratio, interval }: Comparison): string[] =>
  [name, verdict, number(base), number(next), ratio.toFixed(3), interval ? `${interval[0].toFixed(3)} – ${interval[1].toFixed(3)}` : '–'];
