/** A small dense model with layer names that loaders would rewrite, its batches, and saving through tfjs-layers' own format. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { randomNumbers } from '@clipkit/core/testing';

export function buildModel(): layers.Sequential {
  const initializer = (seed: number): ReturnType<typeof layers.initializers.glorotNormal> => layers.initializers.glorotNormal({ seed });
  return layers.sequential({ layers: [
    layers.layers.dense({ name: 'conv_one', inputShape: [5], units: 7, activation: 'relu', kernelInitializer: initializer(3) }),
    layers.layers.dense({ name: 'head_two', units: 2, kernelInitializer: initializer(4) }),
  ] });
}

/** Batch number `step`: its scale swings, so that the gradient's norm does. */
export function batch(step: number, size = 8): { xs: tf.Tensor2D; ys: tf.Tensor2D } {
  const next = randomNumbers(500 + step), scale = 10 ** Math.sin(1.9 * step);
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => scale * next());
  return { xs: tf.tensor2d(numbers(size * 5), [size, 5]), ys: tf.tensor2d(numbers(size * 2), [size, 2]) };
}

export async function trainBatches(model: layers.LayersModel, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    const { xs, ys } = batch(step);
    await model.trainOnBatch(xs, ys);
    tf.dispose([xs, ys]);
  }
}

export const weightsOf = (model: layers.LayersModel): Float32Array[] => model.getWeights().map((weight) => weight.dataSync().slice() as Float32Array);

/** What model.save writes, after a trip through JSON as a file would give it. */
export async function saveToMemory(model: layers.LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    const { weightData, ...json } = artifacts;
    saved = { ...JSON.parse(JSON.stringify(json)) as tf.io.ModelArtifacts, weightData };
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  }), { includeOptimizer: true });
  return saved!;
}

export const loadFromMemory = (artifacts: tf.io.ModelArtifacts): Promise<layers.LayersModel> => layers.loadLayersModel(tf.io.fromMemory(artifacts));
