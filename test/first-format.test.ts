/** State that the first version of the format wrote, in the middle of training: it is loaded, and training goes on as it did there. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import '@clipkit/clip';
import { ClipkitOptimizer } from '@clipkit/core';
import '@clipkit/optimizers';

interface Saved {
  readonly config: tf.serialization.ConfigDict;
  readonly weights: readonly { name: string; dtype: 'float32' | 'int32'; shape: number[]; values: (number | string)[] }[];
  /** The variables when it was saved, after five steps, and after four more. */
  readonly before: readonly number[][];
  readonly after: readonly number[][];
}
const FILE = new URL('./golden/first-format.json', import.meta.url);
const RUNS = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Saved>;

const NAMES = ['conv_one/kernel', 'conv_one/bias', 'head_2'];
const SHAPES = [[2, 3], [3], [2]];
const SAVED_AT = 5;
const STEPS = 9;

function gradient(step: number, index: number): tf.Tensor {
  const size = SHAPES[index]!.reduce((all, each) => all * each, 1);
  const values = Array.from({ length: size }, (_, at) => Math.sin(1 + step * 7 + index * 3 + at * 1.3) * (1 + (step % 3)));
  return tf.tensor(values, SHAPES[index]);
}

beforeAll(async () => { await tf.setBackend('cpu'); });

async function load({ config, weights }: Saved, change: (name: string) => string | null = (name) => name): Promise<tf.Optimizer> {
  const optimizer = ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, config) as tf.Optimizer;
  const tensors = weights.flatMap(({ name, dtype, shape, values }) => {
    const changed = change(name);
    return changed === null ? [] : [{ name: changed, tensor: tf.tensor(values.map(Number), shape, dtype) }];
  });
  await optimizer.setWeights(tensors);
  tf.dispose(tensors.map(({ tensor }) => tensor));
  return optimizer;
}

const makeVariables = (values: readonly number[][], names: readonly string[]): tf.Variable[] =>
  values.map((each, index) => tf.tidy(() => tf.variable(tf.tensor(each, SHAPES[index]), true, names[index])));

function train(optimizer: tf.Optimizer, variables: readonly tf.Variable[], from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const list = variables.map(({ name }, index) => ({ name, tensor: gradient(step, index) }));
    optimizer.applyGradients(list as never);
    tf.dispose(list.map(({ tensor }) => tensor));
  }
}

describe.each(Object.entries(RUNS))('%s', (_name, saved) => {
  it.each([['the same names', NAMES], ['names that loading gives', NAMES.map((name) => `${name.replace(/_2$/, '')}_7`)]])('goes on, under %s', async (_how, names) => {
    const optimizer = await load(saved), variables = makeVariables(saved.before, names);
    train(optimizer, variables, SAVED_AT, STEPS);
    variables.forEach((variable, index) => {
      variable.dataSync().forEach((value, at) => { expect(value).toBeCloseTo(saved.after[index]![at]!, 5); });
    });
    tf.dispose(variables);
    optimizer.dispose();
  });

  it('is saved again in the present format, and that goes on with the same bits', async () => {
    const first = await load(saved), second = ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, saved.config) as tf.Optimizer;
    await second.setWeights(await first.getWeights());
    const runs = [first, second].map((optimizer) => {
      const variables = makeVariables(saved.before, NAMES);
      train(optimizer, variables, SAVED_AT, STEPS);
      const values = variables.map((each) => [...each.dataSync()]);
      tf.dispose(variables);
      optimizer.dispose();
      return values;
    });
    expect(runs[1]).toEqual(runs[0]);
  });

  it('is refused whole where a weight is missing', async () => {
    for (const { name } of saved.weights) {
      // Around another optimizer nothing in this format says that the last variable was there.
      if (saved.config['inner'] && /^head#|^inner\/.*\/2$/.test(name)) continue;
      await expect(load(saved, (each) => (each === name ? null : each)), name).rejects.toThrow(/missing|must have shape/);
    }
  });
});
