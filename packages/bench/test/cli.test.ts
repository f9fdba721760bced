/** The commands from end to end, in this process: help, a small training, resumption, shards, step costs, reports, errors. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enableProdMode, memory } from '@tensorflow/tfjs-core';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../src/commands';
import { readResults, writeResults } from '../src/results/file';
import type { LayersLine, SearchLine, StepLine, TrainLine } from '../src/results/schema';
import { layersLine, trainLine } from './fixtures';

let folder: string;
beforeAll(async () => {
  enableProdMode();
  folder = await mkdtemp(join(tmpdir(), 'clipkit-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Runs the command and returns what it printed. */
async function run(...words: string[]): Promise<string> {
  let printed = '';
  const keep = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: keep, writeErr: keep });
    command.commands.forEach((each) => prepare(each));
  };
  const program = createProgram();
  prepare(program);
  await program.parseAsync(words, { from: 'user' }).catch((error: { code?: string }) => {
    if (error.code !== 'commander.helpDisplayed') throw error;
  });
  return printed;
}

const small = ['train', '--model', 'lenet5', '--steps', '4', '--batch', '8', '--limit', '64', '--test-limit', '50'];
const untimed = ({ date, seconds, testSeconds, millisecondsPerStep, ...rest }: TrainLine) => {
  expect([typeof date, typeof seconds, typeof testSeconds, typeof millisecondsPerStep]).toEqual(['string', 'number', 'number', 'object']);
  return rest;
};

describe('--help', () => {
  it.each(createProgram().commands.map((command) => command.name()))('%s tells its options and shows examples', async (name) => {
    const text = await run(name, '--help');
    expect(text).toContain(`Usage: clipkit-bench ${name}`);
    expect(text).toMatch(/Examples:\n {2}\$ clipkit-bench/);
  });
});

describe('train', () => {
  it('writes a line a run, the same ones for the same seed', async () => {
    const [first, second] = ['a.jsonl', 'b.jsonl'].map((name) => join(folder, name)) as [string, string];
    const words = [...small, '--clip', 'none, byGlobalNorm(0.5)', '--seed', '0'];
    expect(await run(...words, '--out', first)).toContain('2 lines added');
    await run(...words, '--out', second);
    const lines = (await readResults(first)) as TrainLine[];
    expect(lines.map(({ clip }) => clip)).toEqual(['none', 'byGlobalNorm(0.5)']);
    expect(((await readResults(second)) as TrainLine[]).map(untimed)).toEqual(lines.map(untimed));
    const [free, clipped] = lines as [TrainLine, TrainLine];
    expect(free.clipRate).toBe(0);
    expect(free.curves.clippedNorm).toEqual(free.curves.norm);
    expect(free.maxNorm).toBeGreaterThan(0.5);
    expect(clipped.clipRate).toBe(1);
    expect(clipped.curves.clippedNorm.every((norm) => norm! <= 0.5 * (1 + 1e-6))).toBe(true);
    expect(clipped.curves.loss).toHaveLength(4);
    expect(clipped.curves.norm[0]).toBe(free.curves.norm[0]);
    expect(clipped.testAccuracy).toBeGreaterThanOrEqual(0);
  });

  it('resumes where it stopped, and shares work out in shards', async () => {
    const out = join(folder, 'resumed.jsonl');
    const words = [...small, '--steps', '1', '--seed', '1,2,3', '--out', out];
    await run(...words, '--shard', '1/2');
    expect((await readResults(out)).map((line) => (line as TrainLine).seed)).toEqual([1, 3]);
    await run(...words, '--resume');
    expect((await readResults(out)).map((line) => (line as TrainLine).seed)).toEqual([1, 3, 2]);
    expect(await run(...words, '--resume')).toContain('Nothing to do');
  });

  it('shows what corrupted batches do', async () => {
    const out = join(folder, 'corrupt.jsonl');
    await run(...small, '--optimizer', 'tf.train.sgd(0.1)', '--clip', 'none', '--corrupt', '100@4', '--out', out);
    const [line] = (await readResults(out)) as [TrainLine];
    expect(line.corruption).toEqual({ scale: 100, every: 4 });
    expect(line.optimizer).toBe('tf.train.sgd(0.1)');
    expect(line.curves.norm[3]).toBeGreaterThan(line.curves.norm[2]!);
  });

  it('leaves no tensors behind', async () => {
    await run(...small);
    const before = memory().numTensors;
    await run(...small);
    expect(memory().numTensors).toBe(before);
  });

  it.each([
    [['--model', 'alexnet'], /unknown model "alexnet"; there are .*mnistCnn/],
    [['--backend', 'cuda'], /unknown backend "cuda"; there are cpu, wasm/],
    [['--clip', 'byNrom(1)'], /unknown transform "byNrom"/],
    [['--clip', 'byNorm(1'], /cannot read/],
    [['--steps', '0'], /Expected a whole number >= 1/],
    [['--steps', '3', '--epochs', '1'], /cannot be used with/],
    [['--shard', '3/2'], /expected i\/n with 1 <= i <= n/],
    [['--corrupt', '3'], /Expected scale@every/],
    [['--data', '/nowhere'], /train-images-idx3-ubyte.*\/nowhere/],
  ])('refuses %j', async (words, message) => {
    await expect(run('train', ...words)).rejects.toThrow(message);
  });
});

it('step measures all variants in turns, and memory stays flat', async () => {
  const out = join(folder, 'steps.jsonl');
  const printed = await run('step', '--optimizer', 'adam', '--backend', 'wasm', '--parameters', '600', '--variables', '3', '--seconds', '0.05', '--out', out);
  expect(printed).toContain('600 parameters in 3 variables');
  const [line] = (await readResults(out)) as [StepLine];
  expect(Object.keys(line.milliseconds).sort()).toEqual(['clip', 'clipGradients', 'copy', 'fused', 'fusedUnclipped', 'handwritten', 'stock']);
  expect(line.ratios.handwritten!.median).toBe(1);
  expect(line.memory.late).toEqual(line.memory.early);
  expect(line.rounds).toBeGreaterThanOrEqual(7);
  await expect(run('step', '--parameters', '10', '--variables', '3')).rejects.toThrow('expected parameters that divide by 3 variables, got 10');
  await expect(run('step', '--optimizer', 'constructor')).rejects.toThrow(/unknown optimizer/);
});

it('step --clip shows what transforms cost against byGlobalNorm', async () => {
  const printed = await run('step', '--parameters', '300', '--variables', '3', '--optimizer', 'sgd', '--clip', 'byNorm(1),zClip()', '--seconds', '0.05');
  expect(printed).toMatch(/byGlobalNorm\(1\)[^\n]*1\.00 ×/);
  expect(printed).toContain('zClip');
  await expect(run('step', '--clip', 'nothing(1)')).rejects.toThrow(/nothing/);
});

it('layers times every layer gradient, with tfjs where it has the kernel', async () => {
  const out = join(folder, 'layers.jsonl');
  await run('layers', '--batch', '1', '--seconds', '0.01', '--out', out);
  const lines = (await readResults(out)) as LayersLine[];
  expect(lines.map(({ kernel }) => kernel)).toEqual(expect.arrayContaining(['Conv2DBackpropFilter', 'MaxPoolGrad', 'UnsortedSegmentSum']));
  const of = (kernel: string) => lines.find((line) => line.kernel === kernel)!;
  expect([of('Conv2DBackpropFilter').milliseconds.tfjs, of('Conv2DBackpropFilter').ratio]).toEqual([null, null]);
  expect(of('MaxPoolGrad').milliseconds.tfjs!.median).toBeGreaterThan(0);
  await expect(run('layers', '--backend', 'webgl')).rejects.toThrow(/expected the backend wasm or cpu/);
});

it('search tries the grid on every fold and names its choice', async () => {
  const out = join(folder, 'search.jsonl');
  const words = ['search', '--model', 'lenet5', '--grid', '0.01,1', '--folds', '2', '--steps', '3', '--batch', '8', '--limit', '40'];
  expect(await run(...words, '--out', out)).toMatch(/Least validation loss: byGlobalNorm\((0\.01|1)\)/);
  const lines = (await readResults(out)) as SearchLine[];
  expect(lines.map(({ threshold, folds }) => [threshold, folds.length])).toEqual([[0.01, 2], [1, 2]]);
  expect(lines[0]!.folds[0]!.clipRate).toBe(1);
  await expect(run(...words, '--clip', 'byNorm(1)')).rejects.toThrow(/expected a \?/);
});

it('merge joins shards and keeps the same line once; compare sets the exit code', async () => {
  const [base, slow, all] = ['base.jsonl', 'slow.jsonl', 'all.jsonl'].map((name) => join(folder, name)) as [string, string, string];
  const slower = layersLine({ ratio: { median: 0.1, lower: 0.098, upper: 0.102 } });
  await writeResults(base, [layersLine(), trainLine()]);
  await writeResults(slow, [slower, trainLine()]);
  expect(await run('merge', base, slow, '--out', all)).toContain('3 of 4 lines');
  expect(await readResults(all)).toEqual([layersLine(), trainLine(), slower]);
  expect(await run('compare', base, base)).toContain('None of 2 figures got worse.');
  expect(process.exitCode).toBeUndefined();
  expect(await run('compare', base, slow)).toContain('1 of 2 figures got worse.');
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
});

it('report turns results into files, by the ending of their name', async () => {
  const [out, page] = [join(folder, 'r.jsonl'), join(folder, 'r.html')];
  await run(...small, '--out', out);
  expect(await run('report', out)).toContain('# clipkit benchmark');
  await run('report', out, '--out', page);
  expect(await readFile(page, 'utf8')).toContain('<svg role="img"');
  await expect(run('report', join(folder, 'missing.jsonl'))).rejects.toThrow(/cannot read/);
});

it('doctor says of every backend whether it runs, and why not', async () => {
  const printed = await run('doctor');
  for (const name of ['cpu', 'wasm', 'webgl', 'webgpu', 'tensorflow']) expect(printed).toMatch(new RegExp(`${name} .*(yes|no)`));
  expect(printed).toMatch(/│ wasm .* yes/);
  expect(printed).toMatch(/webgl: .+ WebGL lives in browsers/);
});
