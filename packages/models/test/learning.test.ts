/** Every model learns from its own data: twelve steps on one batch bring its loss down, with the layer gradients of @clipkit/backprop. */
import '@tensorflow/tfjs-backend-wasm';
import { registerBackprop } from '@clipkit/backprop';
import { enableProdMode, setBackend, train } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { catalogue, type CatalogueEntry } from '../src';

beforeAll(async () => {
  enableProdMode();
  await setBackend('wasm');
  registerBackprop({ backend: 'wasm' });
});

it.each(Object.entries<CatalogueEntry>(catalogue))('%s', async (_, entry) => {
  const model = entry.model({ seed: 1 });
  model.compile({ optimizer: train.adam(3e-3), loss: entry.loss });
  const { xs, ys } = await entry.data({ split: 'train', limit: 8, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) losses.push((await model.trainOnBatch(xs, ys)) as number);
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(Math.min(...losses.slice(-3))).toBeLessThan(0.8 * losses[0]!);
});
