/** Results files: what is written comes back, and a bad line is named. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatResults, parseResults, readIfThere, readResults, writeResults } from '../src/results/file';
import { layersLine, searchLine, stepLine, trainLine } from './fixtures';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipkit-results-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('come back as they were written, values that were not finite too', async () => {
  const lines = [trainLine(), trainLine({ loss: null, testLoss: null, corruption: { every: 25, scale: 255 } }), stepLine(), stepLine({ added: null }), layersLine(), layersLine({ ratio: null, milliseconds: { tfjs: null, ours: { median: 1, lower: 1, upper: 1 } } }), searchLine(1, [0.5, null])];
  const file = join(folder, 'new', 'results.jsonl');
  await writeResults(file, lines);
  expect(await readResults(file)).toEqual(lines);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(lines.length + 1);
  expect(await readResults(file, file)).toHaveLength(2 * lines.length);
});

it('that do not exist yet are empty, or an error where they were asked for', async () => {
  expect(await readIfThere(join(folder, 'none.jsonl'))).toEqual([]);
  await expect(readResults(join(folder, 'none.jsonl'))).rejects.toThrow(/cannot read .*none\.jsonl/);
});

it('name the line and the field that is wrong', async () => {
  const good = formatResults([trainLine()]);
  const broken = (change: object) => `${good}${JSON.stringify({ ...trainLine(), ...change })}\n`;
  expect(() => parseResults(`${good}{"schema": 1, "comm`, 'a.jsonl')).toThrow('[bench] a.jsonl:2: expected a line of JSON');
  expect(() => parseResults(broken({ schema: 99 }), 'a.jsonl')).toThrow('[bench] a.jsonl:2: expected schema 1, got 99');
  expect(() => parseResults(broken({ steps: 1.5 }), 'a.jsonl')).toThrow(/a\.jsonl:2: steps/);
  expect(() => parseResults(broken({ command: 'dance' }), 'a.jsonl')).toThrow(/a\.jsonl:2: command/);
  const file = join(folder, 'bad.jsonl');
  await writeFile(file, 'null\n');
  await expect(readResults(file)).rejects.toThrow(/bad\.jsonl:1/);
});
