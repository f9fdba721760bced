/** Every optimizer against Keras 3, PyTorch and optax in double precision; scripts/reference/optimizers.py wrote the file. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { forceBackend } from '@clipkit/core';
import { largestDifference } from '@clipkit/core/testing';
import * as optimizers from '@clipkit/optimizers';
import golden from './golden/optimizers.json';

/** Relative to a variable's largest element. */
const TOLERANCE = 3e-6;
type Lists = Readonly<Record<string, readonly number[] | undefined>>;

const make = (name: string, options: object): optimizers.FusedOptimizer => (optimizers as unknown as Record<string, (options: object) => optimizers.FusedOptimizer>)[name]!(options);

async function compare({ optimizer: name, options, averaged, weights }: (typeof golden.cases)[number]): Promise<Record<string, number>> {
  const kept: Record<string, Lists> = weights;
  const names = Object.keys(Object.values(kept)[0]!), optimizer = make(name, options);
  const variables = golden.variables.filter((each) => names.includes(each.name)).map(({ name: key, shape, values }) =>
    ({ key, shape, variable: tf.tidy(() => tf.variable(tf.tensor((values as number[]), shape), true, key)) }));
  const differences: Record<string, number> = {};
  golden.gradients.forEach((gradients: Lists, index) => {
    tf.tidy(() => { optimizer.applyGradients(variables.map(({ key, shape, variable }) => ({ name: variable.name, tensor: tf.tensor(gradients[key] as number[], shape) }))); });
    const wanted = kept[`${index + 1}`];
    if (!wanted) return;
    if (averaged) optimizer.swapAveragedWeights();
    differences[index + 1] = largestDifference(variables.map(({ variable }) => variable.dataSync() as Float32Array), variables.map(({ key }) => wanted[key]!));
    if (averaged) optimizer.swapAveragedWeights();
  });
  for (const { variable } of variables) variable.dispose();
  optimizer.dispose();
  return differences;
}

afterEach(() => { forceBackend(null); });

describe.each(['cpu', 'wasm', 'eager'])('on %s', (backend) => {
  it.each(golden.cases.map((each) => [each.reference, each] as const))('%s', async (_, each) => {
    await tf.setBackend(backend === 'eager' ? 'cpu' : backend);
    if (backend === 'eager') forceBackend('eager');
    const differences = await compare(each);
    expect(Object.keys(differences)).toEqual(['1', '2', '7', '24']);
    for (const [step, difference] of Object.entries(differences)) expect(difference, `after step ${step}`).toBeLessThanOrEqual(TOLERANCE);
  });
});

const covered = new Set(golden.cases.map(({ optimizer }) => optimizer));
it('covers every optimizer', () => {
  const all = Object.entries(optimizers).filter(([, value]) => typeof value === 'function').map(([name]) => name);
  const others = ['fuse', 'adjustable', 'constant', 'cosine', 'exponential', 'linear', 'onPlateau', 'piecewise', 'polynomial', 'warmup'];
  expect(all.filter((name) => !covered.has(name) && !others.includes(name))).toEqual([]);
});

afterAll(() => { expect(tf.memory().numTensors).toBe(0); });
