/**
 * The runs behind the tables of docs/choosing-a-strategy.md. Build first, then
 *
 *     node scripts/measure-strategies.mjs
 *
 * It prints Markdown. Everything is seeded, so the figures come out alike wherever the wasm backend runs.
 */
import { train } from '../packages/bench/dist/index.js';

/** Every 40th batch of MNIST arrives as 0 … 255 in place of 0 … 1, and momentum at this rate carries the blow on. */
const spoilt = { model: 'mnistCnn', backend: 'wasm', optimizer: 'momentum({learningRate: 0.05})', seed: 7, steps: 150, epochs: null, batch: 32, limit: null, corruption: { every: 40, scale: 255 } };
/** A plain recurrent network over fifty steps: the case that gradient clipping was invented for. */
const recurrent = { model: 'addingRnn', backend: 'wasm', optimizer: 'sgd({learningRate: 0.2})', seed: 7, steps: 600, epochs: null, batch: 32, limit: null, corruption: null };

const strategies = [
  'none', 'byValue(0.05)', 'byNorm(1)', 'byGlobalNorm(1)', 'byBlockRms(0.01)', 'adaptiveClip()', 'autoClip()', 'autoClip({percentile: 90})',
  'zClip({maxNorm: Infinity})', 'zClip()', 'adaGC()', 'spikeClip()', 'softClip(1)', 'normalizeGradients()', 'truncateGradients({fraction: 0.1})',
  'errorFeedback(truncateGradients({fraction: 0.1}))', 'clipWeights({value: 0.2})',
];
const thresholds = [0.01, 0.1, 0.3, 1, 3, 10, 100];

const show = (value, digits = 3) => (value === null ? 'not finite' : value >= 1e4 ? value.toExponential(1) : value.toPrecision(digits));
const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);

async function table(title, setting, clips, hasAccuracy) {
  console.log(`\n${title}\n\n| clip | training loss | ${hasAccuracy ? 'test accuracy' : 'test loss'} | steps clipped | median norm | largest norm |\n|---|---|---|---|---|---|`);
  for (const clip of clips) {
    const { loss, testLoss, testAccuracy, clipRate, medianNorm, maxNorm } = await train({ ...setting, clip });
    console.log(`| \`${clip}\` | ${show(loss)} | ${hasAccuracy ? percent(testAccuracy) : show(testLoss)} | ${percent(clipRate)} | ${show(medianNorm)} | ${show(maxNorm)} |`);
  }
}

await table('mnistCnn with spoilt batches', spoilt, strategies, true);
await table('mnistCnn with spoilt batches: the threshold', spoilt, thresholds.map((limit) => `byGlobalNorm(${limit})`), true);
await table('addingRnn', recurrent, ['none', ...thresholds.slice(1, 6).map((limit) => `byGlobalNorm(${limit})`), 'byValue(0.05)', 'zClip({maxNorm: Infinity})', 'autoClip()', 'normalizeGradients()'], false);
