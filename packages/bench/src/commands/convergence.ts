/** clipkit-bench convergence: how far each optimizer gets on functions whose minimum is known. */
import type { Command } from 'commander';
import { measureConvergence, problems, RATES, type ConvergenceResult } from '../convergence/measure';
import { optimizers } from '../expressions/registry';
import { print, printTable, progress } from '../terminal';
import { names, positiveInteger } from './options';

const starts = Object.entries(problems).map(([name, { start, value }]) => `${name} ${value(Float32Array.from(start)).toFixed(1)}`).join(' and ');

export function addConvergence(program: Command): void {
  program
    .command('convergence')
    .description('minimise a quadratic and Rosenbrock\'s function with each optimizer, at its best learning rate of a grid')
    .option('-o, --optimizer <names>', 'of @clipkit/optimizers', names, [...optimizers.keys()])
    .option('--steps <number>', 'steps of each run', positiveInteger, 500)
    .addHelpText('after', `
A value is that after the last step: ${starts} at the start, 0 at the minimum.
Learning rates tried: ${RATES.join(', ')}.

Examples:
  $ clipkit-bench convergence
  $ clipkit-bench convergence --optimizer adam,lion --steps 2000`)
    .action(async ({ optimizer, steps }: { optimizer: string[]; steps: number }) => {
      const all = Object.keys(problems), bar = progress('convergence', optimizer.length * all.length);
      const rows: string[][] = [];
      let done = 0;
      for (const name of optimizer) {
        const results: ConvergenceResult[] = [];
        for (const problem of all) {
          results.push(await measureConvergence(name, problem, steps));
          bar.update(++done, name);
        }
        rows.push([name, ...results.flatMap(({ value, learningRate }) => (value === null ? ['not finite', '–'] : [value.toExponential(1), String(learningRate)]))]);
      }
      bar.stop();
      print(`${steps} steps`);
      printTable({ head: ['optimizer', ...all.flatMap((problem) => [problem, 'learning rate'])], text: 1, rows });
    });
}
