/** report(): the same counts on every backend, across changes of backend, and for lists that come by turns. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, describe, expect, it } from 'vitest';
import { byGlobalNorm, clip } from '@clipkit/clip';
import { ClipkitOptimizer, forceBackend } from '@clipkit/core';
import { adam, sgd } from '@clipkit/optimizers';
import { call } from './support/steps';

const PLACES = ['cpu', 'wasm', 'eager', 'eagerOnDevice'] as const;
type Place = (typeof PLACES)[number];

async function goTo(place: Place): Promise<void> {
  const forced = place === 'eager' || place === 'eagerOnDevice';
  await tf.setBackend(forced ? 'cpu' : place);
  forceBackend(forced ? place : null);
}

const make = (): ClipkitOptimizer<null> => adam({ learningRate: 0.1, globalClipnorm: 1, nonFinite: 'skip' });
const w = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros([2])));

afterEach(() => {
  forceBackend(null);
  tf.disposeVariables();
});

describe.each(PLACES)('on %s', (place) => {
  it.each<[string, () => ClipkitOptimizer]>([
    ['a fused optimizer', make],
    ['a wrapped one', () => clip(tf.train.sgd(0.1), { globalClipnorm: 1, nonFinite: 'skip' })],
  ])('%s counts the steps that it applied', async (_name, build) => {
    await goTo(place);
    const optimizer = build(), variable = w();
    optimizer.observe();
    for (const each of [3, NaN, 0.1, Infinity, 4]) call(optimizer, [variable, [each, 0]]);
    const { step, nonFinite, clipRate, norm, clippedNorm } = await optimizer.report();
    expect({ step, nonFinite }).toEqual({ step: 3, nonFinite: { steps: 2, variables: [variable.name] } });
    expect(clipRate).toBeGreaterThan(0);
    expect(norm).toBeCloseTo(4, 5);
    expect(clippedNorm).toBeCloseTo(1, 5);
    expect(optimizer.iterations).toBe(5);
    const again = build();
    await again.setWeights(await optimizer.getWeights());
    expect((await again.report()).step).toBe(3);
    for (const each of [optimizer, again]) each.dispose();
  });

  it('an observed list without gradients is nothing', async () => {
    await goTo(place);
    const optimizer = make(), variable = w();
    optimizer.observe();
    call(optimizer, [variable, [3, 4]]);
    const before = await optimizer.report();
    call(optimizer);
    call(optimizer, [variable, null]);
    expect(await optimizer.report()).toEqual(before);
    optimizer.dispose();
  });

  it('names the variables of the list that was not finite, whatever came after it', async () => {
    await goTo(place);
    const optimizer = sgd({ clip: byGlobalNorm(1), nonFinite: 'skip' }), [a, b] = [w(), w()];
    optimizer.observe();
    for (const values of [[1, 1], [NaN, 1]]) {
      call(optimizer, [a, values]);
      call(optimizer, [b, [1, 1]]);
    }
    expect((await optimizer.report()).nonFinite).toEqual({ steps: 1, variables: [a.name] });
    optimizer.dispose();
  });

  it.each(PLACES.filter((each) => each !== place))('goes on reporting after a move to %s, and back', async (there) => {
    const { numTensors } = tf.memory();
    await goTo(place);
    const optimizer = make(), variable = w();
    optimizer.observe();
    const steps = async (norms: readonly number[]): Promise<void> => { for (const each of norms) call(optimizer, [variable, [each, 0]]); };
    await steps([3, NaN]);
    await goTo(there);
    await steps([0.5, 0.25]);
    expect(await optimizer.report()).toMatchObject({ step: 3, norm: 0.25, clipped: false, clipRate: 0.25, nonFinite: { steps: 1 } });
    await goTo(place);
    await steps([5, 6]);
    const { clippedNorm, ...rest } = await optimizer.report();
    expect(rest).toMatchObject({ step: 5, norm: 6, clipped: true, clipRate: 0.5, nonFinite: { steps: 1, variables: [variable.name] } });
    expect(clippedNorm).toBeCloseTo(1, 5);
    optimizer.dispose();
    variable.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
