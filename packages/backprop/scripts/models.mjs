/** Two small seeded models and their training, the same for the reference script and the tests. */
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, metrics, sequential } from '@tensorflow/tfjs-layers';

export const steps = 20;

const seeded = (seed) => ({ kernelInitializer: initializers.glorotUniform({ seed }) });
const depthwiseSeeded = (seed) => ({ depthwiseInitializer: initializers.glorotUniform({ seed }) });

/** Builds the model, and says how large its batch and images are. */
export const models = {
  mnistCnn: {
    batch: 2,
    imageShape: [28, 28, 1],
    build: () => sequential({ layers: [
      layers.conv2d({ inputShape: [28, 28, 1], filters: 32, kernelSize: 3, activation: 'relu', ...seeded(1) }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu', ...seeded(2) }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: 'relu', ...seeded(3) }),
      layers.dense({ units: 10, activation: 'softmax', ...seeded(4) }),
    ] }),
  },
  depthwise: {
    batch: 4,
    imageShape: [9, 9, 3],
    build: () => sequential({ layers: [
      layers.depthwiseConv2d({ inputShape: [9, 9, 3], kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu', ...depthwiseSeeded(1) }),
      layers.conv2d({ filters: 8, kernelSize: 1, ...seeded(2) }),
      layers.batchNormalization(),
      layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same', ...depthwiseSeeded(3) }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, activation: 'softmax', ...seeded(4) }),
    ] }),
  },
};

/** Numbers in [0, 1), the same everywhere: a linear congruential generator. */
const stream = (seed) => {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
};

/** Trains a model on the current backend on one fixed batch; the loss of every step. */
export const losses = (name) => {
  const { batch, imageShape, build } = models[name];
  const next = stream(42);
  const images = tf.tensor4d(Float32Array.from({ length: batch * imageShape[0] * imageShape[1] * imageShape[2] }, next), [batch, ...imageShape]);
  const labels = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, index) => (index * 3) % 10), 'int32'), 10), 'float32'));
  const model = build(), optimizer = tf.train.adam(1e-3);
  const variables = model.trainableWeights.map((weight) => weight.read());
  const values = Array.from({ length: steps }, () => tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => tf.mean(metrics.categoricalCrossentropy(labels, model.apply(images, { training: true }))), variables);
    optimizer.applyGradients(grads);
    return value.dataSync()[0];
  }));
  tf.dispose([images, labels]);
  model.dispose();
  optimizer.dispose();
  return values;
};
