/** Training that is saved through model.save and loaded again goes on with the same bits, in the middle of warm-ups and accumulations too. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { adam } from '@clipkit/optimizers';
import { adaptiveClip, adjustable, byGlobalNorm, byValue, clip, perGroup, type GradientTransform } from '@clipkit/clip';
import { buildModel, loadFromMemory, saveToMemory, trainBatches, weightsOf } from './support/model';
import { runOn } from './support/runtimes';
import { STRATEGIES } from './support/strategies';

type Make = (transforms: GradientTransform | readonly GradientTransform[]) => tf.Optimizer;
const OPTIMIZERS: Record<string, Make> = {
  'around tf.train.adam': (transforms) => clip(tf.train.adam(0.01), transforms),
  'in a fused adam': (transforms) => adam({ learningRate: 0.01, clip: transforms }),
};
/** The third step is in the middle of every warm-up and accumulation of the table. */
const SAVED_AT = 3, STEPS = 9;

afterEach(() => { tf.disposeVariables(); });

async function compare(make: () => tf.Optimizer): Promise<void> {
  const straight = buildModel();
  straight.compile({ optimizer: make(), loss: 'meanSquaredError' });
  await trainBatches(straight, 0, STEPS);
  const wanted = weightsOf(straight);
  straight.dispose();

  const first = buildModel();
  first.compile({ optimizer: make(), loss: 'meanSquaredError' });
  await trainBatches(first, 0, SAVED_AT);
  const before = weightsOf(first), artifacts = await saveToMemory(first);
  const second = await loadFromMemory(artifacts);
  expect(weightsOf(second)).toEqual(before);
  expect(second.weights[0]!.name).not.toBe(first.weights[0]!.name);
  await trainBatches(second, SAVED_AT, STEPS);
  expect(weightsOf(second)).toEqual(wanted);
  expect(wanted).not.toEqual(before);
}

for (const backend of ['cpu', 'wasm'] as const) {
  for (const [how, optimizer] of Object.entries(OPTIMIZERS)) {
    describe(`${how}, on ${backend}`, () => {
      for (const [name, make] of Object.entries(STRATEGIES)) it(name, () => runOn(backend, () => compare(() => optimizer(make()))));
    });
  }
}

describe('other stock optimizers, on cpu', () => {
  const stock: Record<string, () => tf.Optimizer> = {
    sgd: () => tf.train.sgd(0.01), momentum: () => tf.train.momentum(0.01, 0.9), rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
    adagrad: () => tf.train.adagrad(0.01), adadelta: () => tf.train.adadelta(0.5), adamax: () => tf.train.adamax(0.01),
  };
  for (const [name, make] of Object.entries(stock)) it(name, () => runOn('cpu', () => compare(() => clip(make(), STRATEGIES['a chain']!()))));
});

describe('names', () => {
  const strategies: Record<string, () => GradientTransform> = {
    'a whole name': () => perGroup([{ match: 'head_two/kernel', use: byValue(1e-3) }]),
    'a RegExp': () => perGroup([{ match: /^head_two\/kernel$/g, use: byValue(1e-3) }]),
    'a list': () => perGroup([{ match: ['conv_one/bias', /^head.*kernel/], use: byGlobalNorm(1e-3) }], { rest: byValue(0.5) }),
    'an exclusion': () => adaptiveClip({ exclude: 'head_two/kernel' }),
  };
  for (const [name, make] of Object.entries(strategies)) {
    it(`${name} means the same variable after loading`, () => runOn('cpu', () => compare(() => adam({ clip: make() }))));
  }
});

it('an adjustable threshold is saved where it stands', () => runOn('cpu', async () => {
  const limit = adjustable(1), model = buildModel();
  model.compile({ optimizer: clip(tf.train.sgd(0.1), byGlobalNorm(limit)), loss: 'meanSquaredError' });
  limit.value = 0.25;
  const loaded = await loadFromMemory(await saveToMemory(model));
  expect(JSON.stringify(loaded.optimizer.getConfig())).toContain('"value":0.25');
}));
