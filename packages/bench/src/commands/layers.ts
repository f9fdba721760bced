/** clipkit-bench layers: what layer gradients cost with tfjs's kernels and with those of @clipkit/backprop. */
import type { Command } from 'commander';
import { busyWarning } from '../environment';
import { measureLayers } from '../layers/measure';
import { layersTable } from '../report/tables';
import { readIfThere, writeResults } from '../results/file';
import type { LayersLine } from '../results/schema';
import { print, printTable, progress, warn } from '../terminal';
import { names, positiveInteger, positiveNumber } from './options';

interface LayersOptions {
  backend: string[];
  batch: number;
  seconds: number;
  out?: string;
}

export function addLayers(program: Command): void {
  program
    .command('layers')
    .description("time layer gradients and a whole training step: tfjs's kernels against those of @clipkit/backprop")
    .option('-b, --backend <names>', 'of wasm, cpu', names, ['wasm'])
    .option('--batch <number>', 'examples', positiveInteger, 32)
    .option('--seconds <number>', 'time for each layer; a kernel that takes longer is called once', positiveNumber, 2)
    .option('--out <file>', 'add the timings to this results file (JSON Lines)')
    .addHelpText('after', `
Examples:
  $ clipkit-bench layers
  $ clipkit-bench layers --backend cpu --batch 2 --out layers.jsonl`)
    .action(async ({ backend, batch, seconds, out }: LayersOptions) => {
      warn(busyWarning());
      const before = out ? await readIfThere(out) : [];
      const lines: LayersLine[] = [];
      for (const name of backend) {
        let bar: ReturnType<typeof progress> | undefined;
        lines.push(...(await measureLayers({ backend: name, batch, seconds }, (done, all) => (bar ??= progress(`layers ${name}`, all)).update(done, ''))));
        bar?.stop();
        if (out) await writeResults(out, [...before, ...lines]);
      }
      printTable(layersTable(lines));
      if (out) print(`${lines.length} lines added to ${out}`);
    });
}
