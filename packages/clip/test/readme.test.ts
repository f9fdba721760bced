/** Every block of code in the README and in the guide runs as it stands there. */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { afterEach, expect, it, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as clipkit from '@clipkit/clip';
import * as clipLayers from '@clipkit/clip/layers';
import * as core from '@clipkit/core';
import * as optimizers from '@clipkit/optimizers';
import * as tfLayers from '@tensorflow/tfjs-layers';
import { batch, buildModel } from './support/model';
import { runOn } from './support/runtimes';

const MODULES: Readonly<Record<string, object>> = { '@tensorflow/tfjs-core': tf, '@tensorflow/tfjs-layers': tfLayers, '@clipkit/clip': clipkit, '@clipkit/clip/layers': clipLayers, '@clipkit/core': core, '@clipkit/optimizers': optimizers };
const FILES = ['../README.md', '../../../docs/choosing-a-strategy.md'];

const AsyncFunction = (async () => {}).constructor as new (...parameters: string[]) => (...values: unknown[]) => Promise<void>;

/** The block as the body of a function: without types, its imports taken from what was imported here. */
function asBody(block: string): string {
  const body = block
    .replace(/^import \* as (\w+) from '([^']+)';$/gm, (_, name: string, from: string) => `const ${name} = modules['${from}'];`)
    .replace(/^import (\{[^}]+\}) from '([^']+)';$/gm, (_, names: string, from: string) => `const ${names} = modules['${from}'];`)
    .replace(/^import '([^']+)';$/gm, "if (!modules['$1']) throw new Error('$1');");
  // In a block of its own, so that it may declare names that it is also given.
  return `{ ${ts.transpileModule(body, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText} }`;
}

afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

for (const file of FILES) {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!);
  it(`${file} has code`, () => { expect(blocks.length).toBeGreaterThan(0); });
  blocks.forEach((block, index) => {
    it(`${file}, block ${index + 1}: ${block.split('\n').filter((line) => !line.startsWith('import'))[0]}`, () => runOn('cpu', async () => {
      vi.spyOn(console, 'log').mockImplementation(() => {});
      const model = buildModel(), { xs, ys } = batch(0, 16), slope = tf.variable(tf.scalar(1), true, `slope${index}`);
      const given = { modules: MODULES, tf, model, xs, ys, optimizer: tf.train.sgd(0.1), loss: () => tf.square(slope) };
      await new AsyncFunction(...Object.keys(given), asBody(block))(...Object.values(given));
    }));
  });
}
