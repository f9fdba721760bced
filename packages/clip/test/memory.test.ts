/** Ten thousand steps of each strategy, on both backends and in both kinds of optimizer, leave tensors and bytes where they were after the first few. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { clip } from '@clipkit/clip';
import { randomNumbers } from '@clipkit/core/testing';
import { sgd } from '@clipkit/optimizers';
import { makeVariables } from './support/recorder';
import { runOn } from './support/runtimes';
import { STRATEGIES } from './support/strategies';

const STEPS = 10_000, SHARE = STEPS / 4, SHAPES = [{ name: 'head/kernel', shape: [3, 2] }, { name: 'conv/bias', shape: [2] }];

const strategyOf = (name: string): string => name.split(',')[0]!;
/** The first row of each strategy. */
const rows = Object.entries(STRATEGIES).filter(([name], index, all) => all.findIndex(([other]) => strategyOf(other) === strategyOf(name)) === index);

for (const backend of ['cpu', 'wasm'] as const) {
  describe(`${2 * SHARE} of ${STEPS} steps, on ${backend}`, () => {
    for (const [name, make] of rows) {
      it(name, () => runOn(backend, () => {
        vi.spyOn(console, 'warn').mockImplementation(() => {});
        for (const optimizer of [clip(tf.train.sgd(1e-3), make()), sgd({ learningRate: 1e-3, clip: make() })] as tf.Optimizer[]) {
          const next = randomNumbers(3), variables = makeVariables(SHAPES, [[1, 2, 3, 4, 5, 6], [1, 2]]);
          const gradients = variables.map(({ shape, name: variable, size }) => ({ name: variable, tensor: tf.tensor(Array.from({ length: size }, next), shape) }));
          const step = (): void => { optimizer.applyGradients(gradients as never); };
          for (let warmUp = 0; warmUp < 6; warmUp++) step();
          const before = tf.memory();
          for (let at = 0; at < SHARE; at++) step();
          const after = tf.memory();
          expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
          optimizer.dispose();
          tf.dispose([variables, gradients.map(({ tensor }) => tensor)]);
          expect(tf.memory().numTensors).toBe(0);
        }
        vi.restoreAllMocks();
      }));
    }
  });
}
