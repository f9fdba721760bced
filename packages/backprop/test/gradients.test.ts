/** Whole gradients, through tfjs's tape, against finite differences, and the cases that are refused. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerBackprop } from '../src';
import { difference } from './support/kernels';
import { Draw, seeded } from './support/random';

beforeAll(() => { registerBackprop(); });

const draw = new Draw(seeded(5));
/** Values 0.2 apart, in no order, so that a small step changes no maximum. */
const spread = (shape: number[]): Float32Array => {
  const values = draw.values(shape), order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  order.forEach((at, rank) => { values[at] = rank * 0.2; });
  return values;
};
/** Matrices far from zero, vectors near it, so that a small step of their sum changes no sign. */
const signed = (shape: number[]): Float32Array => draw.values(shape).map((value) => value + (shape.length > 1 ? Math.sign(value) * 3 : 0));

interface Checked {
  shapes: number[][];
  of: (...inputs: tf.Tensor[]) => tf.Tensor;
  values?: (shape: number[]) => Float32Array;
}

const checks: Record<string, Checked> = {
  'conv2d, same': { shapes: [[2, 5, 6, 3], [3, 2, 3, 4]], of: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [2, 1], 'same') },
  'conv2d, explicit padding': { shapes: [[1, 5, 5, 2], [3, 3, 2, 5]], of: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, [[0, 0], [2, 1], [0, 1], [0, 0]]) },
  'conv2d, ceil': { shapes: [[1, 6, 6, 2], [3, 3, 2, 3]], of: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 0, 'NHWC', 1, 'ceil') },
  'conv1d': { shapes: [[2, 9, 3], [4, 3, 5]], of: (x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 2, 'valid') },
  'conv2dTranspose': { shapes: [[1, 3, 3, 2], [3, 3, 4, 2]], of: (x, filter) => tf.conv2dTranspose(x as tf.Tensor4D, filter as tf.Tensor4D, [1, 6, 6, 4], 2, 'same') },
  'depthwiseConv2d': { shapes: [[2, 5, 5, 3], [3, 3, 3, 2]], of: (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same') },
  'maxPool': { shapes: [[1, 6, 6, 5]], of: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), values: spread },
  'avgPool': { shapes: [[1, 6, 6, 5]], of: (x) => tf.avgPool(x as tf.Tensor4D, [2, 3], [2, 1], 'valid') },
  'matMul, transposed': { shapes: [[2, 4, 3], [2, 5, 4]], of: (a, b) => tf.matMul(a, b, true, true) },
  'gather': { shapes: [[6, 4]], of: (x) => tf.gather(x, tf.tensor1d([1, 5, 1, 0], 'int32')) },
  'a bias': { shapes: [[3, 2, 5], [5]], of: (x, bias) => tf.relu(tf.add(x, bias)), values: signed },
  'max': { shapes: [[3, 4, 5]], of: (x) => tf.max(x, 1), values: spread },
  'a mean': { shapes: [[2, 3, 3, 4]], of: (x) => tf.square(tf.sub(x, tf.mean(x, [0, 1, 2]))) },
};

describe.each(['wasm', 'cpu'])('%s', (backendName) => {
  beforeAll(async () => { await tf.setBackend(backendName); });

  test.each(Object.entries(checks))('%s', (_, { shapes, of, values = (shape) => draw.values(shape) }) => tf.tidy(() => {
    const inputs = shapes.map(values), weights = tf.tidy(() => of(...inputs.map((each, index) => tf.tensor(each, shapes[index]))));
    const direction = tf.tensor(draw.values(weights.shape), weights.shape);
    const scalar = (...tensors: tf.Tensor[]): tf.Tensor => tf.sum(tf.mul(of(...tensors), direction));
    const gradients = tf.grads(scalar)(inputs.map((each, index) => tf.tensor(each, shapes[index])));
    inputs.forEach((input, which) => {
      const step = 0.05;
      const numeric = Array.from(input, (value, at) => {
        const [up, down] = [value + step, value - step].map((moved) => {
          const changed = inputs.map((each, index) => tf.tensor(index === which ? each.with(at, moved) : each, shapes[index]));
          return scalar(...changed).dataSync()[0]!;
        });
        return (up! - down!) / (2 * step);
      });
      expect(difference(gradients[which]!.dataSync(), numeric)).toBeLessThan(2e-3);
    });
  }));

  test('a dilated gradient, another dtype, a gradient of another batch: refused by name', () => {
    const image = tf.ones<tf.Rank.R4>([1, 5, 5, 2]), change = tf.ones<tf.Rank.R4>([1, 3, 3, 2]);
    const depthwise = (attributes: Record<string, unknown>, x: tf.Tensor = image, dy: tf.Tensor = change): (() => unknown) => () =>
      tf.engine().runKernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { strides: 1, pad: 'valid', dilations: 1, filterShape: [3, 3, 2, 1], ...attributes });
    const where = '[backprop] DepthwiseConv2dNativeBackpropFilter';
    expect(depthwise({ dilations: 2 })).toThrow(`${where}: expected dilations of 1 (tfjs has no gradient of a dilated convolution), got 2 × 2`);
    // On cpu tfjs's own kernel takes it.
    const whole = depthwise({}, tf.cast(image, 'int32'));
    if (backendName === 'wasm') expect(whole).toThrow(`${where}: expected x of dtype float32, got int32`);
    else expect((whole() as tf.Tensor).shape).toEqual([3, 3, 2, 1]);
    expect(depthwise({}, image, tf.ones([2, 3, 3, 2]))).toThrow(`${where}: expected a gradient of batch 1 with 2 channels, got shape [2, 3, 3, 2]`);
    expect(() => tf.unsortedSegmentSum(tf.ones([3, 2]), tf.tensor1d([0, 1], 'int32'), 2))
      .toThrow('[backprop] UnsortedSegmentSum: expected int32 segmentIds of shape [3], got int32 of shape [2]');
  });
});
