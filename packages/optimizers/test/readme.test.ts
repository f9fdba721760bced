/** Every code block of the README runs as it stands. */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import * as optimizers from '@clipkit/optimizers';

/** @tensorflow/tfjs is these two and more. */
const MODULES: Readonly<Record<string, object>> = { '@tensorflow/tfjs': { ...core, ...layers }, '@clipkit/optimizers': optimizers };

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]!);
const AsyncFunction = (async () => {}).constructor as new (argument: string, body: string) => (modules: typeof MODULES) => Promise<void>;

describe('README', () => {
  it('has code', () => { expect(blocks.length).toBeGreaterThan(3); });

  it.each(blocks.map((block, index) => [index + 1, block] as const))('block %i', async (_, block) => {
    await core.setBackend('cpu');
    const body = block.replace(/^import (?:\* as (\w+)|(\{[^}]*\})) from '([^']+)';$/gm, (_line, all: string | undefined, some: string | undefined, from: string) => {
      expect(Object.keys(MODULES)).toContain(from);
      for (const name of some?.match(/\w+/g) ?? []) expect(MODULES[from], name).toHaveProperty(name);
      return `const ${all ?? some} = modules['${from}'];`;
    });
    await new AsyncFunction('modules', body)(MODULES);
  });
});
