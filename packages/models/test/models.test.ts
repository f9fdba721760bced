/** Every model of the catalogue: its parameters, its seeds, and that it takes its data. */
import '@tensorflow/tfjs-backend-wasm';
import { registerBackprop } from '@clipkit/backprop';
import { dispose, io, memory, randomNormal, setBackend, train, zeros, type Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { addingRnn, catalogue, charLstm, lenet5, mnistCnn, mobileNetSmall, nfnetSmall, resnet20, textCnn, vggSmall } from '../src';

beforeAll(async () => {
  await setBackend('wasm');
  registerBackprop({ backend: 'wasm' });
});

const values = (model: LayersModel) => model.getWeights().map((weight) => Array.from(weight.dataSync()));

describe.each([
  ['mnistCnn', mnistCnn, 225_034, 8],
  ['lenet5', lenet5, 61_706, 10],
  ['vggSmall', vggSmall, 550_570, 16],
  ['resnet20', resnet20, 272_474, 65],
  ['mobileNetSmall', mobileNetSmall, 37_162, 35],
  ['nfnetSmall', nfnetSmall, 696_624, 53],
  ['textCnn', textCnn, 31_940, 9],
  ['addingRnn', addingRnn, 4_353, 5],
  ['charLstm', charLstm, 26_912, 5],
] as const)('%s', (name, build, parameters, variables) => {
  it(`has ${parameters} parameters in ${variables} variables`, () => {
    const model = build();
    expect(model.trainableWeights.reduce((total, { shape }) => total + shape.reduce((product: number, size) => product * size!, 1), 0)).toBe(parameters);
    expect(model.trainableWeights).toHaveLength(variables);
    expect(model.name).toBe(name);
  });

  it.each([0, -3])('starts from the same weights for the same seed %i', (seed) => {
    expect(values(build({ seed }))).toEqual(values(build({ seed })));
  });

  it('starts from other weights for another seed, and without one', () => {
    const kernel = (model: LayersModel) => values(model)[0];
    expect(kernel(build({ seed: 0 }))).not.toEqual(kernel(build({ seed: 1 })));
    expect(kernel(build())).not.toEqual(kernel(build()));
  });

  it('refuses unknown options and seeds that are no whole numbers', () => {
    // @ts-expect-error no such option
    expect(() => build({ sead: 1 })).toThrow(`[models] ${name}: expected only the options seed`);
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

describe('the catalogue', () => {
  it('holds every model under its name', () => {
    for (const [name, entry] of Object.entries(catalogue)) expect(entry.model({ seed: 1 }).name).toBe(name);
    expect(Object.keys(catalogue)).toHaveLength(9);
  });

  it.each(Object.entries(catalogue))('%s takes its data', async (_, entry) => {
    const model = entry.model({ seed: 1 });
    const { xs, ys } = await entry.data({ split: 'test', limit: 2, seed: 1 });
    const outputs = model.predict(xs) as Tensor;
    expect(outputs.shape[0]).toBe(2);
    expect(ys.shape[0]).toBe(2);
    if (entry.loss === 'meanSquaredError') expect(ys.shape).toEqual(outputs.shape);
    else for (const label of ys.dataSync()) expect(label).toBeLessThan(outputs.shape.at(-1)!);
    dispose([xs, ys, outputs]);
  });

  it('has other data to test on than to train on', async () => {
    const first = async (split: 'train' | 'test') => Array.from((await catalogue.addingRnn.data({ split, limit: 1, seed: 3 })).xs.dataSync());
    expect(await first('train')).not.toEqual(await first('test'));
    expect(await first('train')).toEqual(await first('train'));
  });
});

describe('the layers of nfnetSmall', () => {
  it('survive saving and loading', async () => {
    const model = nfnetSmall({ seed: 1 });
    const images = randomNormal([2, 32, 32, 3], 0, 1, 'float32', 1);
    const expected = (model.predict(images) as Tensor).dataSync();
    let saved: io.ModelArtifacts | undefined;
    await model.save(io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }));
    const loaded = await loadLayersModel(io.fromMemory(saved!));
    expect(Array.from((loaded.predict(images) as Tensor).dataSync())).toEqual(Array.from(expected));
  });

  it('start each block as the identity, learn its gain, and keep no tensors', async () => {
    const model = nfnetSmall({ seed: 1 });
    model.compile({ optimizer: train.sgd(0.1), loss: 'sparseCategoricalCrossentropy' });
    const gains = () => model.trainableWeights.filter(({ name }) => /skip/i.test(name)).map((weight) => weight.read().dataSync()[0]);
    expect(gains()).toEqual([0, 0, 0, 0, 0, 0]);
    const [images, labels] = [randomNormal([2, 32, 32, 3], 0, 1, 'float32', 1), zeros([2])];
    await model.trainOnBatch(images, labels);
    for (const gain of gains()) expect(gain).not.toBe(0);
    const before = memory().numTensors;
    await model.trainOnBatch(images, labels);
    expect(memory().numTensors).toBe(before);
  });
});
