/**
 * The figures of the README: `pnpm build && node scripts/measure.mjs [rounds] [--cpu]`.
 *
 * Variants take turns within a round, so that a busy machine slows all of them; printed are medians over the rounds and the quartiles.
 * --cpu adds one step of tfjs's own cpu backend, which takes half a minute.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { metrics } from '@tensorflow/tfjs-layers';
import { registerBackprop } from '../dist/index.js';
import { models } from './models.mjs';

const rounds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 15);

/** Both backends have computed when a call returns, so nothing needs to be read back. */
const milliseconds = (run) => {
  const start = performance.now();
  tf.tidy(() => { run(); });
  return performance.now() - start;
};

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.round((values.length - 1) * share)];
const summary = (values) => `${quantile(values, 0.5).toFixed(2)} ms (${quantile(values, 0.25).toFixed(2)} to ${quantile(values, 0.75).toFixed(2)})`;

/** Runs every variant once a round, after three rounds that do not count. */
const interleaved = (variants, count = rounds) => {
  const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  for (let round = -3; round < count; round++) {
    for (const [name, run] of Object.entries(variants)) {
      const time = run();
      if (round >= 0) times[name].push(time);
    }
  }
  return times;
};

/** What one had to write before: the filter's gradient out of transpositions and a convolution (stride 1, valid). */
const composed = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const run = (name, given, attrs) => tf.getKernel(name, 'wasm').kernelFunc({ inputs: given, attrs, backend });
    const x = run('Transpose', { x: inputs.x }, { perm: [3, 1, 2, 0] }), filter = run('Transpose', { x: inputs.dy }, { perm: [1, 2, 0, 3] });
    const made = run('Conv2D', { x, filter }, { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 });
    const out = run('Transpose', { x: made }, { perm: [1, 2, 0, 3] });
    for (const { dataId } of [x, filter, made]) backend.disposeData(dataId);
    return out;
  },
};

const stepOf = () => {
  const images = tf.randomUniform([32, 28, 28, 1], 0, 1, 'float32', 1);
  const labels = tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: 32 }, (_, index) => index % 10), 'int32'), 10), 'float32');
  const model = models.mnistCnn.build(), variables = model.trainableWeights.map((weight) => weight.read()), optimizer = tf.train.adam(1e-3);
  return () => milliseconds(() => {
    const { value, grads } = tf.variableGrads(() => tf.mean(metrics.categoricalCrossentropy(labels, model.apply(images, { training: true }))), variables);
    optimizer.applyGradients(grads);
    return value;
  });
};

/** mnistCnn at batch 32: FLOPs of a step, and of each convolution. */
const flops = { step: 0.49e9, first: 2 * 32 * 26 * 26 * 9 * 32, second: 2 * 32 * 11 * 11 * 288 * 64 };

await tf.setBackend('wasm');
const a = tf.randomNormal([1024, 1024]), b = tf.randomNormal([1024, 1024]);
const product = () => milliseconds(() => tf.matMul(a, b));
const step = stepOf();
const withOurs = (run) => () => {
  const { undo } = registerBackprop({ backend: 'wasm' });
  const time = run();
  undo();
  return time;
};
const withComposed = (run) => () => {
  tf.registerKernel(composed);
  const time = run();
  tf.unregisterKernel('Conv2DBackpropFilter', 'wasm');
  return time;
};

const whole = interleaved({ product, ours: withOurs(step), composed: withComposed(step) });
const productTime = quantile(whole.product, 0.5), rate = 2 * 1024 ** 3 / productTime / 1e6;
const ours = quantile(whole.ours, 0.5);
console.log(`tf.matMul 1024³, stock           ${summary(whole.product)}, ${rate.toFixed(1)} GFLOP/s`);
console.log(`step of mnistCnn, ours           ${summary(whole.ours)}, ${(ours / (flops.step / rate / 1e6)).toFixed(2)} × the time that matMul's rate gives`);
console.log(`step of mnistCnn, composed       ${summary(whole.composed)}, ${(quantile(whole.composed, 0.5) / ours).toFixed(2)} × ours`);

const x1 = tf.randomNormal([32, 28, 28, 1]), y1 = tf.randomNormal([32, 26, 26, 32]), x2 = tf.randomNormal([32, 13, 13, 32]), y2 = tf.randomNormal([32, 11, 11, 64]);
const w1 = tf.randomNormal([3, 3, 1, 32]), w2 = tf.randomNormal([3, 3, 32, 64]);
const attrs = { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 };
const kernel = (name, inputs, more) => withOurs(() => milliseconds(() => tf.engine().runKernel(name, inputs, { ...attrs, ...more })));
const single = {
  'Conv2D, first': [flops.first, kernel('Conv2D', { x: x1, filter: w1 })],
  'Conv2D, second': [flops.second, kernel('Conv2D', { x: x2, filter: w2 })],
  'Conv2DBackpropFilter, first': [flops.first, kernel('Conv2DBackpropFilter', { x: x1, dy: y1 }, { filterShape: w1.shape })],
  'Conv2DBackpropFilter, second': [flops.second, kernel('Conv2DBackpropFilter', { x: x2, dy: y2 }, { filterShape: w2.shape })],
  'Conv2DBackpropInput, second': [flops.second, kernel('Conv2DBackpropInput', { dy: y2, filter: w2 }, { inputShape: x2.shape })],
};
const kernels = interleaved({ product, ...Object.fromEntries(Object.entries(single).map(([name, [, run]]) => [name, run])) });
const reference = 2 * 1024 ** 3 / quantile(kernels.product, 0.5);
for (const [name, [count]] of Object.entries(single)) {
  const own = count / quantile(kernels[name], 0.5);
  console.log(`${name.padEnd(32)} ${summary(kernels[name])}, ${(own / 1e6).toFixed(1)} GFLOP/s, ${(100 * own / reference).toFixed(0)} % of matMul's`);
}

if (process.argv.includes('--cpu')) {
  await tf.setBackend('cpu');
  const stockStep = stepOf();
  const stock = stockStep();
  registerBackprop({ backend: 'cpu' });
  const cpu = interleaved({ cpu: stockStep }, 5).cpu;
  console.log(`step of mnistCnn, cpu, stock     ${stock.toFixed(0)} ms (once), ${(stock / ours).toFixed(0)} × ours on wasm`);
  console.log(`step of mnistCnn, cpu, ours      ${summary(cpu)}, ${(stock / quantile(cpu, 0.5)).toFixed(0)} × faster than stock`);
}
