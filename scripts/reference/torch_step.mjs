/**
 * Our fused step on wasm beside PyTorch's on one CPU thread: joint clipping and Adam, then a whole training step of the seed's CNN
 * (32 images, forward and backward too), in rounds that alternate, so that both meet the same weather.
 *
 *     pnpm build && node scripts/reference/torch_step.mjs [--rounds 15] [--steps 20] [--json]
 *
 * PYTHON names the interpreter that has torch, `python3` by default. Without torch only our times are printed, and that is said.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { metrics } from '@tensorflow/tfjs-layers';
import { registerBackprop } from '@clipkit/backprop';
import { mnistCnn } from '@clipkit/models';
import { adam } from '@clipkit/optimizers';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, steps: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
const rounds = Number(options.rounds), steps = Number(options.steps);
if (!(rounds >= 1 && steps >= 1)) throw new RangeError('--rounds and --steps must be numbers of at least 1');

const SIZES = { mnistCnn: [288, 32, 18432, 64, 204800, 128, 1280, 10], '4.2 M in 4': Array(4).fill(1048576) };

/** Milliseconds of each of so many calls, after a few that do not count. */
function timing(step) {
  const times = (count) => Array.from({ length: count }, () => {
    const began = performance.now();
    step();
    return performance.now() - began;
  });
  times(5);
  return times;
}

/** Our side of the optimizer alone: the same sizes, the same options. */
function subject(sizes) {
  const variables = tf.tidy(() => sizes.map((size) => tf.variable(tf.randomNormal([size], 0, 1, 'float32', 1))));
  const gradients = variables.map(({ name, size }) => ({ name, tensor: tf.randomNormal([size], 0, 1, 'float32', 2) }));
  const optimizer = adam({ learningRate: 1e-3, globalClipnorm: 1 });
  return timing(() => { optimizer.applyGradients(gradients); });
}

/** Our side of the whole step: the same network, random images, labels in turn. */
function trainingSubject() {
  registerBackprop({ backend: 'wasm' });
  const images = tf.randomUniform([32, 28, 28, 1], 0, 1, 'float32', 1);
  const labels = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: 32 }, (_, index) => index % 10), 'int32'), 10), 'float32'));
  const model = mnistCnn({ seed: 1 }), variables = model.trainableWeights.map((weight) => weight.read());
  const optimizer = adam({ learningRate: 1e-3, globalClipnorm: 1 });
  return timing(() => tf.tidy(() => {
    optimizer.minimize(() => tf.mean(metrics.categoricalCrossentropy(labels, model.apply(images, { training: true }))), false, variables);
  }));
}

/** PyTorch's side, in a process of its own; null where there is no torch. */
async function startTorch() {
  const script = fileURLToPath(new URL('torch_step.py', import.meta.url));
  const child = spawn(process.env.PYTHON ?? 'python3', [script, '--serve'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaint = '';
  child.stderr.on('data', (text) => { complaint += text; });
  const failed = once(child, 'error').then(([error]) => { complaint = error.message; return { done: true }; });
  const first = await Promise.race([lines.next(), failed]);
  if (first.done) return { why: complaint.trim().split('\n').at(-1) };
  return {
    version: JSON.parse(first.value).torch,
    async times(size, count) {
      child.stdin.write(`${size}\t${count}\n`);
      return JSON.parse((await lines.next()).value);
    },
    stop: () => { child.stdin.end(); },
  };
}

const quantile = (values, at) => [...values].sort((a, b) => a - b)[Math.round(at * (values.length - 1))];
const spread = (values) => ({ median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) });
const show = ({ median, low, high }, digits) => `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

// What is timed is a threshold that always acts, as PyTorch's multiplies always; a warning about that would be in the way.
console.warn = () => {};
await tf.setBackend('wasm');
const torch = await startTorch();
if (torch.why !== undefined) console.error(`PyTorch is absent, so there is nothing to compare with: ${torch.why || 'python did not start'}`);

const report = { torch: torch.version ?? null, rounds, steps, sizes: {} };
const subjects = { ...Object.fromEntries(Object.entries(SIZES).map(([name, sizes]) => [name, () => subject(sizes)])), 'mnistCnn, training': trainingSubject };
for (const [name, make] of Object.entries(subjects)) {
  const ours = make(), mine = [], theirs = [], ratios = [];
  for (let round = 0; round < rounds; round++) {
    const own = quantile(ours(steps), 0.5);
    mine.push(own);
    if (!torch.times) continue;
    const other = quantile(await torch.times(name, steps), 0.5);
    theirs.push(other);
    ratios.push(own / other);
  }
  report.sizes[name] = { clipkit: spread(mine), ...(theirs.length && { torch: spread(theirs), ratio: spread(ratios) }) };
  if (!options.json) {
    const { clipkit, torch: other, ratio } = report.sizes[name];
    console.log(`${name}: clipkit on wasm ${show(clipkit, 3)} ms${other ? `, PyTorch ${torch.version} ${show(other, 3)} ms, ratio ${show(ratio, 2)}` : ''}`);
  }
}
torch.stop?.();
if (options.json) console.log(JSON.stringify(report));
