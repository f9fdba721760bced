/**
 * The demo: MNIST, a convolutional network, with and without clipping; first on clean data, then on data of which some batches
 * arrive in the wrong unit, so that gradients explode. Seeded: two runs differ in nothing but the times.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { report } from './report';
import { trainTable } from './report/tables';
import { writeResults, writeText } from './results/file';
import type { Corruption, TrainLine } from './results/schema';
import { print, printTable } from './terminal';
import { trainWithProgress } from './train/progress';
import type { TrainConfiguration } from './train/run';

enableProdMode();

const clips = ['byGlobalNorm(1)', 'none'];
const shared = { model: 'mnistCnn', backend: 'wasm', seed: 7, batch: 32, epochs: null, limit: null };

interface Pair {
  title: string;
  optimizer: string;
  steps: number;
  corruption: Corruption | null;
}

const pairs: Pair[] = [
  {
    title: 'MNIST as it is: 600 steps of 32 images, Adam with learning rate 0.001',
    optimizer: 'adam({learningRate: 0.001})',
    steps: 600,
    corruption: null,
  },
  {
    title: 'Exploding gradients: 150 steps, momentum with learning rate 0.05, and in every 40th batch the pixels come as 0 … 255 in place of 0 … 1',
    optimizer: 'momentum({learningRate: 0.05})',
    steps: 150,
    corruption: { every: 40, scale: 255 },
  },
];

async function runPair({ title, optimizer, steps, corruption }: Pair): Promise<TrainLine[]> {
  print(`\n${title}`);
  const lines: TrainLine[] = [];
  for (const clip of clips) {
    const configuration: TrainConfiguration = { ...shared, optimizer, clip, steps, corruption };
    lines.push(await trainWithProgress(configuration, clip === 'none' ? 'not clipped    ' : clip));
  }
  printTable(trainTable(lines));
  return lines;
}

/** The folder of pnpm-workspace.yaml: package managers run scripts in the package's own folder. */
function workspace(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder;
    if (dirname(folder) === folder) return process.cwd();
  }
}

async function demo(): Promise<void> {
  const lines: TrainLine[] = [];
  for (const pair of pairs) lines.push(...(await runPair(pair)));
  const folder = join(workspace(), 'results');
  const file = (ending: string) => resolve(folder, `demo.${ending}`);
  await writeResults(file('jsonl'), lines);
  await writeText(file('md'), report(lines, 'md'));
  await writeText(file('html'), report(lines, 'html'));
  const shown = (ending: string) => relative(process.env['INIT_CWD'] ?? process.cwd(), file(ending));
  print(`\nResults: ${shown('jsonl')}\nReport:  ${shown('html')} (open it in a browser), ${shown('md')}`);
}

demo().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
