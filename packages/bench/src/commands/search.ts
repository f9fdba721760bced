/** clipkit-bench search: which threshold suits this model? */
import type { Command } from 'commander';
import { catalogue, type CatalogueEntry } from '@clipkit/models';
import { oneOf } from '../errors';
import { buildClip } from '../expressions/build';
import { format } from '../expressions/expression';
import { parse } from '../expressions/parse';
import { searchTable } from '../report/tables';
import { readIfThere, writeResults } from '../results/file';
import type { SearchLine } from '../results/schema';
import { asGood, best, search, withThreshold } from '../search/search';
import { print, printTable, progress, progressText, type Progress } from '../terminal';
import { holdingWarnings } from '../warnings';
import { grid, positiveInteger, seed } from './options';

interface SearchOptions {
  model: string;
  backend: string;
  optimizer?: string;
  clip: string;
  grid: number[];
  folds: number;
  seed: number;
  steps: number;
  batch: number;
  limit: number;
  data?: string;
  out?: string;
}

export function addSearch(program: Command): void {
  program
    .command('search')
    .description('choose a threshold by k-fold cross-validation over a grid')
    .option('-m, --model <name>', `of ${Object.keys(catalogue).join(', ')}`, 'mnistCnn')
    .option('-b, --backend <name>', 'of cpu, wasm, webgl, webgpu, tensorflow', 'wasm')
    .option('-o, --optimizer <expression>', 'as in code; default what suits the model')
    .option('-c, --clip <expression>', 'as in code, with ? in the place of the threshold', 'byGlobalNorm(?)')
    .option('-g, --grid <from:to:count>', 'thresholds at equal ratios, or a list: 0.5,1,5', grid, grid('0.1:10:7'))
    .option('-k, --folds <number>', 'parts of the data, each held out once', positiveInteger, 5)
    .option('-s, --seed <number>', 'of the weights, the folds and the order of the data', seed, 1)
    .option('--steps <number>', 'optimizer steps of each run', positiveInteger, 100)
    .option('--batch <number>', 'examples a step', positiveInteger, 32)
    .option('--limit <number>', 'training examples shared among the folds', positiveInteger, 5000)
    .option('--data <place>', 'folder or base URL of the data files; default the installed packages')
    .option('--out <file>', 'add one line a threshold to this results file (JSON Lines)')
    .addHelpText('after', `
Each threshold is tried folds times, so that the default grid makes 35 runs. Chosen is the threshold of the least mean validation loss;
others within one standard error of it are as good as far as this search can tell.

Examples:
  $ clipkit-bench search --clip 'byGlobalNorm(?)' --grid 0.1:10:5 --folds 3
  $ clipkit-bench search --model lenet5 --optimizer 'sgd({learningRate: 0.1})' --clip 'byNorm(?)' --grid 0.5,1,2 --steps 200 --out search.jsonl`)
    .action(runSearch);
}

async function runSearch({ data, out, optimizer, clip, ...options }: SearchOptions): Promise<void> {
  const entry = oneOf<CatalogueEntry>('model', catalogue, options.model);
  buildClip(parse(withThreshold(clip, options.grid[0]!)));
  const before = out ? await readIfThere(out) : [];
  const lines: SearchLine[] = [];
  let bar = null as { run: number; progress: Progress } | null;
  await holdingWarnings(() => search({ ...options, optimizer: format(parse(optimizer ?? entry.optimizer)), clip }, {
    ...(data !== undefined && { source: data }),
    onStep({ threshold, run, runs }, state) {
      if (bar?.run !== run) {
        bar?.progress.stop();
        bar = { run, progress: progress(`${run}/${runs} ${withThreshold(clip, threshold)}`, state.steps) };
      }
      bar.progress.update(state.step, progressText(state));
    },
    async onThreshold(line) {
      lines.push(line);
      if (out) await writeResults(out, [...before, ...lines]);
    },
  }), () => bar?.progress.stop());
  printTable(searchTable(lines));
  const chosen = best(lines);
  if (!chosen) return print('No threshold kept the loss finite on every fold.');
  print(`Least validation loss: ${withThreshold(clip, chosen.threshold)}`);
  const others = asGood(lines, chosen).map(({ threshold }) => withThreshold(clip, threshold));
  if (others.length) print(`Within one standard error of it: ${others.join(', ')}`);
}
