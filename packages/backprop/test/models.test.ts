/** Whole models train to the same losses as on tfjs's own cpu backend (scripts/reference-losses.mjs). */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { losses, steps } from '../scripts/models.mjs';
import { registerBackprop } from '../src';
import reference from './reference/losses.json';

beforeAll(() => { registerBackprop(); });

describe.each(['wasm', 'cpu'])('%s', (backendName) => {
  test.each(['mnistCnn', 'depthwise'] as const)(`%s: ${steps} steps`, async (name) => {
    await tf.setBackend(backendName);
    const expected = reference.losses[name], got = losses(name);
    expect(got).toHaveLength(steps);
    expect(expected[steps - 1]!).toBeLessThan(expected[0]! * 0.9);
    got.forEach((loss, step) => expect(Math.abs(loss - expected[step]!), `step ${step}: ${loss}, expected ${expected[step]!}`).toBeLessThan(1e-4));
  });
});
