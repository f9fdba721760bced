/** clipkit-bench step: what one optimizer step costs, with and without clipping. */
import { Option, type Command } from 'commander';
import { busyWarning } from '../environment';
import { UsageError, oneOf } from '../errors';
import * as show from '../report/format';
import { stepGroups } from '../report/groups';
import { addedTable, speedTable, stepTable } from '../report/tables';
import { readIfThere, writeResults } from '../results/file';
import type { StepLine } from '../results/schema';
import { measureStep } from '../step/measure';
import { even, sizes, type Size } from '../step/sizes';
import { measureTransforms } from '../step/transforms';
import { print, printTable, progress, warn } from '../terminal';
import { holdingWarnings } from '../warnings';
import { names, positiveInteger, positiveNumber } from './options';

interface StepOptions {
  backend: string[];
  optimizer: string[];
  size: string[];
  parameters?: number;
  variables?: number;
  seconds: number;
  clip?: string;
  out?: string;
}

export function addStep(program: Command): void {
  program
    .command('step')
    .description('time one optimizer step: tf.train alone, with hand-written clipping, with clipGradients(), in clip(), and fused')
    .option('-b, --backend <names>', 'of cpu, wasm, webgl, webgpu, tensorflow', names, ['wasm'])
    .option('-o, --optimizer <names>', 'of @clipkit/optimizers', names, ['adam', 'sgd'])
    .option('--size <names>', `of ${Object.keys(sizes).join(', ')}`, names, Object.keys(sizes))
    .addOption(new Option('--parameters <number>', 'in place of --size: this many, in --variables of equal length').argParser(positiveInteger).conflicts('size'))
    .addOption(new Option('--variables <number>', 'how many variables share the parameters; default 1').argParser(positiveInteger))
    .option('--seconds <number>', 'time for the rounds of each size and optimizer', positiveNumber, 5)
    .option('-c, --clip <list>', 'instead, what these transforms cost in a fused step, against byGlobalNorm(1): byNorm(1),zClip()')
    .option('--out <file>', 'add the timings to this results file (JSON Lines)')
    .addHelpText('after', `
All variants run in one process, in turns, on the same gradients, and each step clips. A ratio is the median of the rounds' own
ratios to hand-written clipping. Close other programs first.

Examples:
  $ clipkit-bench step
  $ clipkit-bench step --optimizer adam --backend wasm,cpu --size mnistCnn --out steps.jsonl
  $ clipkit-bench step --optimizer adam --clip 'byNorm(1),adaptiveClip(),zClip(),autoClip({window: 1000})'
  $ clipkit-bench step --parameters 1000000 --variables 10 --seconds 10`)
    .action(runStep);
}

/** Every timed step clips; that is no mistake here. */
const EVERY_STEP = /acted on 100 % of/;

async function runStep({ backend, optimizer, size, parameters, variables, seconds, clip, out }: StepOptions): Promise<void> {
  if (variables !== undefined && parameters === undefined) throw new UsageError('[bench] step: --variables needs --parameters');
  const chosen: Size[] = parameters === undefined ? size.map((name) => oneOf('size', sizes, name)()) : [even(parameters, variables ?? 1)];
  warn(busyWarning());
  if (clip !== undefined) {
    if (out !== undefined) throw new UsageError('[bench] step: --clip prints a table only; leave --out away');
    for (const each of chosen) for (const name of optimizer) for (const on of backend) await showTransforms(each, name, on, clip, seconds);
    return;
  }
  const before = out ? await readIfThere(out) : [];
  const lines: StepLine[] = [];
  for (const each of chosen) for (const name of optimizer) for (const on of backend) {
    const bar = progress(`${each.name} ${name} ${on}`, 100);
    const measure = () => measureStep({ backend: on, optimizer: name, size: each, seconds }, (share) => bar.update(Math.round(100 * share), '% of the time'));
    lines.push(await holdingWarnings(measure, (messages) => {
      bar.stop();
      messages.filter((message) => !EVERY_STEP.test(message)).forEach(warn);
    }));
    if (out) await writeResults(out, [...before, ...lines]);
  }
  for (const { title, lines: group } of stepGroups(lines)) {
    print(`\n${title}`);
    printTable(stepTable(group));
    printTable(addedTable(group));
    printTable(speedTable(group));
  }
}

async function showTransforms(size: Size, optimizer: string, backend: string, clips: string, seconds: number): Promise<void> {
  const costs = await holdingWarnings(() => measureTransforms({ backend, optimizer, size, clips, seconds }), (messages) => messages.filter((message) => !EVERY_STEP.test(message)).forEach(warn));
  print(`\n${size.name}, ${optimizer}, ${backend}`);
  printTable({
    head: ['clip', 'median', 'quartiles', 'against byGlobalNorm(1)', 'quartiles'],
    text: 1,
    rows: costs.map(({ clip, milliseconds: { median, lower, upper }, ratio }) => [
      clip, show.milliseconds(median), `${show.milliseconds(lower)} – ${show.milliseconds(upper)}`, show.ratio(ratio.median), `${show.ratio(ratio.lower)} – ${show.ratio(ratio.upper)}`,
    ]),
  });
}
