/** Every model of the catalogue: its parameters, its seeds, and that it learns. */
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { lenet5, mnistCnn } from '../src';

beforeAll(() => setBackend('cpu'));

const values = (model: LayersModel) => model.getWeights().map((weight) => Array.from(weight.dataSync()));

describe.each([
  ['mnistCnn', mnistCnn, 225_034, 8],
  ['lenet5', lenet5, 61_706, 10],
] as const)('%s', (name, build, parameters, variables) => {
  it(`has ${parameters} parameters in ${variables} variables`, () => {
    const model = build();
    expect(model.countParams()).toBe(parameters);
    expect(model.getWeights()).toHaveLength(variables);
    expect(model.name).toBe(name);
  });

  it.each([0, 1, 7, -3])('starts from the same weights for the same seed %i', (seed) => {
    expect(values(build({ seed }))).toEqual(values(build({ seed })));
  });

  it('starts from other weights for another seed, and without one', () => {
    const kernel = (model: LayersModel) => values(model)[0];
    expect(kernel(build({ seed: 0 }))).not.toEqual(kernel(build({ seed: 1 })));
    expect(kernel(build())).not.toEqual(kernel(build()));
  });

  it('refuses unknown options and seeds that are no whole numbers', () => {
    // @ts-expect-error no such option
    expect(() => build({ sead: 1 })).toThrow(`[models] ${name}: expected only the options seed, got "sead"`);
    expect(() => build({ seed: 0.5 })).toThrow(RangeError);
  });
});

it('gives layers of equal shape different weights', () => {
  const { convolution } = { convolution: values(mnistCnn({ seed: 3 })) };
  const [first, , second] = convolution;
  expect(first!.slice(0, 9)).not.toEqual(second!.slice(0, 9));
});

it('mnistCnn has the layout of the tutorials', () => {
  expect(mnistCnn().getWeights().map((weight) => weight.shape)).toEqual([
    [3, 3, 1, 32], [32], [3, 3, 32, 64], [64], [1600, 128], [128], [128, 10], [10],
  ]);
});
