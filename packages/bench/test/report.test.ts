/** Reports: every format holds the figures, and the HTML stands alone. */
import { describe, expect, it } from 'vitest';
import { report } from '../src/report';
import { layersLine, searchLine, stepLine, trainLine } from './fixtures';

const failed = trainLine({ clip: 'none', loss: null, testAccuracy: 0.098, nonFiniteSteps: 31, curves: { step: [0, 1], loss: [2.3, null], norm: [3, null], clippedNorm: [3, null] } });
const lines = [trainLine(), failed, stepLine(), stepLine({ optimizer: 'lion', added: null, milliseconds: { fused: { median: 0.5, lower: 0.4, upper: 0.6 } }, ratios: { fused: { median: 1, lower: 1, upper: 1 } } })];

describe('html', () => {
  const html = report(lines, 'html');

  it('has its charts inside: loss, norm and step cost', () => {
    expect(html.match(/<svg /g)).toHaveLength(3);
    expect(html).toContain('training loss');
    expect(html).toContain('gradient norm before clipping');
    expect(html).toContain('7.5 ms');
  });

  it('reaches for nothing outside, and runs nothing', () => {
    expect(html).not.toMatch(/https?:|<script|<link|@import|url\((?!#)|\bsrc=/i);
  });

  it('takes colours from the page, for light and dark, and leaves no width to overflow', () => {
    expect(html).toContain('prefers-color-scheme: dark');
    const charts = html.slice(html.indexOf('<body>'));
    expect(charts).toContain('var(--series-1)');
    expect(charts).not.toMatch(/<svg[^>]* width=/);
  });

  it('shows names as text', () => {
    const hostile = report([trainLine({ model: '<img onerror=alert(1)>' })], 'html');
    expect(hostile).not.toContain('<img');
    expect(hostile).toContain('&lt;img onerror=alert(1)&gt;');
  });
});

it('markdown has a table a group, with what was not finite said so', () => {
  const text = report(lines, 'md');
  expect(text).toContain('## mnistCnn: 100 steps of 32 examples');
  expect(text).toContain('| adam({learningRate: 0.001}) | byGlobalNorm(1) | wasm | 1 | 0.25 | 96.51 % | 75.00 % | 4000 | – | 5.3 s |');
  expect(text).toContain('| none | wasm | 1 | not finite | 9.80 % |');
  expect(text).toContain('31 steps');
  expect(text).toContain('## Step cost, mnistCnn: 225 034 parameters in 8 variables');
  expect(report([trainLine({ clip: 'byNorm(1) | byValue(2)' })], 'md')).toContain('byNorm(1) \\| byValue(2)');
});

it('keeps runs under different conditions apart', () => {
  const text = report([trainLine(), trainLine({ steps: 200 }), trainLine({ corruption: { every: 25, scale: 255 } })], 'md');
  expect(text.match(/^## .*$/gm)).toEqual(['## mnistCnn: 100 steps of 32 examples', '## mnistCnn: 200 steps of 32 examples', '## mnistCnn: 100 steps of 32 examples, inputs of every 25th batch × 255']);
});

it('github-benchmark is a list of figures of which less is better', () => {
  const entries = JSON.parse(report(lines, 'github-benchmark')) as { name: string; unit: string; value: number }[];
  expect(entries).toContainEqual(expect.objectContaining({ name: 'step adam wasm mnistCnn: fused, clipped', unit: 'ms', value: 0.4 }));
  expect(entries).toContainEqual(expect.objectContaining({ name: expect.stringContaining('test error'), value: 0.0349 }));
  for (const { value } of entries) expect(Number.isFinite(value)).toBe(true);
});

it.each(['md', 'html'] as const)('%s shows layer timings and searches, missing kernels and lost folds by name', (format) => {
  const text = report([layersLine({ milliseconds: { tfjs: null, ours: { median: 1.4, lower: 1, upper: 2 } }, ratio: null }), searchLine(0.5, [0.2, 0.4]), searchLine(50, [0.2, null])], format);
  expect(text).toContain('Layer gradients');
  expect(text).toContain('missing');
  expect(text).toContain('Threshold search by cross-validation');
  expect(text).toContain('0.3 ± 0.1');
  expect(text).toContain('not finite');
});

it('json is the lines themselves', () => {
  expect(JSON.parse(report(lines, 'json'))).toEqual(lines);
});
