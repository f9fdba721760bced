/** clipkit-bench train: trains models under every combination of the given lists. */
import { Option, type Command } from 'commander';
import { catalogue, type CatalogueEntry } from '@clipkit/models';
import { oneOf } from '../errors';
import { buildClip, withLearningRate } from '../expressions/build';
import { format } from '../expressions/expression';
import { parse } from '../expressions/parse';
import { readIfThere, writeResults } from '../results/file';
import type { Corruption, ResultLine, TrainLine } from '../results/schema';
import { trainTable } from '../report/tables';
import { print, printTable } from '../terminal';
import { combinations, inShard, notDone, parseShard, type Shard } from '../train/plan';
import type { TrainConfiguration } from '../train/run';
import { trainWithProgress } from '../train/progress';
import { corruption, expressions, integers, names, positiveInteger, positiveNumber } from './options';

interface TrainOptions {
  model: string[];
  backend: string[];
  optimizer?: string[];
  clip?: string[];
  seed: number[];
  epochs?: number;
  steps?: number;
  batch: number;
  learningRate?: number;
  limit?: number;
  testLimit?: number;
  corrupt?: Corruption;
  data?: string;
  out?: string;
  resume?: boolean;
  shard?: Shard;
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train models under every combination of models, backends, optimizers, clippings and seeds')
    .option('-m, --model <names>', `of ${Object.keys(catalogue).join(', ')}`, names, ['mnistCnn'])
    .option('-b, --backend <names>', 'of cpu, wasm, webgl, webgpu, tensorflow', names, ['wasm'])
    .option('-o, --optimizer <list>', 'as in code: adam, adam({beta1: 0.8}), tf.train.adam(0.001); default what suits the model', expressions)
    .option('-c, --clip <list>', 'as in code, | joins several: byGlobalNorm(1), byNorm(1) | byValue(0.5), none; default what suits the model', expressions)
    .option('-s, --seed <list>', 'seeds of weights and of the order of the data', integers, [1])
    .addOption(new Option('--steps <number>', 'optimizer steps of each run').argParser(positiveInteger).conflicts('epochs'))
    .addOption(new Option('--epochs <number>', 'passes over the data; default 1').argParser(positiveNumber))
    .option('--batch <number>', 'examples a step', positiveInteger, 32)
    .option('--learning-rate <number>', 'for all optimizers whose expression names none', positiveNumber)
    .option('--limit <number>', 'at most this many training examples', positiveInteger)
    .option('--test-limit <number>', 'at most this many test examples', positiveInteger)
    .option('--corrupt <scale@every>', 'multiply the inputs of every n-th batch, as data of another unit would be: 255@25', corruption)
    .option('--data <place>', 'folder or base URL of the data files; default the installed packages')
    .option('--out <file>', 'add one line a run to this results file (JSON Lines)')
    .option('--resume', 'skip runs that --out holds already')
    .addOption(new Option('--shard <i/n>', 'only the i-th of n parts, for several machines').argParser(parseShard))
    .addHelpText('after', `
Examples:
  $ clipkit-bench train --steps 200
  $ clipkit-bench train --clip 'none, byGlobalNorm(1), byNorm(1) | byValue(0.5)' --seed 1,2,3 --steps 600 --out results.jsonl
  $ clipkit-bench train --optimizer 'sgd({momentum: 0.9}), tf.train.adam' --learning-rate 0.01 --steps 100
  $ clipkit-bench train --corrupt 255@25 --clip 'none, byGlobalNorm(1)' --steps 150
  $ clipkit-bench train --seed 1,2,3,4 --epochs 1 --out part1.jsonl --shard 1/2 --resume`)
    .action(runTrain);
}

async function runTrain(options: TrainOptions): Promise<void> {
  const { out, resume, data } = options;
  const before = out ? await readIfThere(out) : [];
  let configurations = plan(options);
  if (options.shard) configurations = inShard(configurations, options.shard);
  if (resume) configurations = notDone(configurations, before);
  const lines: TrainLine[] = [];
  for (const [place, configuration] of configurations.entries()) {
    const line = await trainWithProgress(configuration, `${place + 1}/${configurations.length} ${configuration.model} ${configuration.clip}`, { ...(data && { source: data }), ...(options.testLimit && { testLimit: options.testLimit }) });
    lines.push(line);
    if (out) await writeResults(out, [...before, ...lines] satisfies ResultLine[]);
  }
  if (lines.length) printTable(trainTable(lines));
  if (out) print(lines.length ? `${lines.length} ${lines.length === 1 ? 'line' : 'lines'} added to ${out}` : `Nothing to do: ${out} holds all runs.`);
}

/** All configurations of the lists; expressions are built once here, so that a mistake shows before the first run. */
function plan({ model, backend, optimizer, clip, seed, steps, epochs, batch, learningRate, limit, corrupt }: TrainOptions): TrainConfiguration[] {
  const rest = { steps: steps ?? null, epochs: steps ? null : epochs ?? 1, batch, limit: limit ?? null, corruption: corrupt ?? null };
  return model.flatMap((name) => {
    const entry = oneOf<CatalogueEntry>('model', catalogue, name);
    const optimizers = (optimizer ?? [entry.optimizer]).map((text) => format(learningRate === undefined ? parse(text) : withLearningRate(parse(text), learningRate)));
    const clips = clip ?? [entry.clip];
    clips.forEach((text) => buildClip(parse(text)));
    return combinations({ model: [name], backend, optimizer: optimizers, clip: clips, seed }, rest);
  });
}
