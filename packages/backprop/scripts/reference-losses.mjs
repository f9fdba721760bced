/**
 * The losses of scripts/models.mjs on tfjs's own cpu backend, to test/reference/losses.json: `node scripts/reference-losses.mjs`.
 * Takes a minute or two; nothing of this package is used.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { losses, models, steps } from './models.mjs';

await tf.setBackend('cpu');
const values = Object.fromEntries(Object.keys(models).map((name) => [name, losses(name)]));
const target = new URL('../test/reference/losses.json', import.meta.url);
await mkdir(new URL('.', target), { recursive: true });
await writeFile(`${target.pathname}.draft`, `${JSON.stringify({ tfjs: tf.version_core, backend: 'cpu', steps, losses: values }, null, 2)}\n`);
await rename(`${target.pathname}.draft`, target);
