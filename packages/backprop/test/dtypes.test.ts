/** Inputs that are not float32: a kernel that took the place of one of tfjs's does what that one does. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { kernels } from '../src';
import { implementations } from '../src/kernels';
import type { WasmBackend } from '../src/wasm/heap';
import type { Case } from './support/case';
import { cases } from './support/cases';
import type { Operand, Result } from './support/kernels';
import { prepare, run, runReference, same } from './support/kernels';
import { Draw, seeded } from './support/random';

const casesPerKernel = 40;

beforeAll(prepare);

/** Small whole numbers, or truth values. */
const converted = ({ shape, values }: Operand, dtype: 'float32' | 'int32' | 'bool'): Operand => {
  if (dtype === 'float32' || values instanceof Int32Array) return { shape, values };
  const whole = Int32Array.from(values, (value) => Math.round(value * 5));
  return { shape, values: dtype === 'int32' ? whole : Uint8Array.from(whole, (value) => Number(value > 0)) };
};

const attempt = (make: () => Result): Result | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

/** The case with at least one operand that is not float32. */
const mixed = (kernelName: string, seed: number): Case => {
  const draw = new Draw(seeded(seed * 7919));
  const { operands, attributes } = cases[kernelName]!(draw);
  const names = Object.keys(operands);
  const other = draw.of(...names);
  const dtypeOf = (name: string): 'float32' | 'int32' | 'bool' =>
    name === other ? draw.of('int32', 'bool') : draw.of('int32', 'bool', 'float32');
  return {
    operands: Object.fromEntries(names.map((name) => [name, converted(operands[name]!, dtypeOf(name))])),
    attributes,
  };
};

const described = (seed: number, { operands, attributes }: Case): string =>
  JSON.stringify({
    seed,
    operands: Object.entries(operands).map(([name, { values, shape }]) => [name, values.constructor.name, shape]),
    attributes,
  });

const replaced = (name: string): string[] =>
  kernels.filter(({ replaces, backendName }) => replaces && backendName === name).map(({ kernelName }) => kernelName);

test.each(replaced('cpu'))('%s on cpu', (kernelName) => {
  for (let seed = 1; seed <= casesPerKernel; seed++) {
    const { operands, attributes } = mixed(kernelName, seed);
    const what = described(seed, { operands, attributes });
    const expected = attempt(() => runReference(kernelName, operands, attributes));
    const got = attempt(() => run('cpu', kernelName, operands, attributes));
    expect(got === undefined, what).toBe(expected === undefined);
    if (!got || !expected) continue;
    expect([got.shape, got.dtype], what).toEqual([expected.shape, expected.dtype]);
    expect(same(got.values, expected.values), what).toBe(true);
  }
});

/** On wasm these compute in float32, whatever they are given: tfjs's would read other numbers as if they were that. */
const inFloat32 = ['Conv2D', 'FusedConv2D', 'Conv2DBackpropInput', 'MaxPoolGrad', 'AvgPoolGrad', 'FusedBatchNorm'];

test.each(inFloat32)('%s on wasm', (kernelName) => {
  const data = tf.findBackend('wasm').numDataIds();
  for (let seed = 1; seed <= casesPerKernel; seed++) {
    const { operands, attributes } = mixed(kernelName, seed);
    const what = described(seed, { operands, attributes });
    const real = Object.fromEntries(
      Object.entries(operands).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]),
    );
    const expected = runReference(kernelName, real, attributes);
    const got = run('wasm', kernelName, operands, attributes);
    expect([got.shape, got.dtype], what).toEqual([expected.shape, 'float32']);
    expect(same(got.values, expected.values), what).toBe(true);
  }
  expect(tf.findBackend('wasm').numDataIds()).toBe(data);
});

// What tfjs's wasm kernels make of numbers that they take for others is not the same twice: they need only be asked.
test.each(replaced('wasm').filter((kernelName) => !inFloat32.includes(kernelName)))('%s on wasm', (kernelName) => {
  const own = implementations.find((each) => each.kernelName === kernelName && each.backendName === 'wasm')!.run;
  for (let seed = 1; seed <= casesPerKernel; seed++) {
    const { operands, attributes } = mixed(kernelName, seed);
    const what = described(seed, { operands, attributes });
    let asked = 0;
    const got = run('wasm', kernelName, operands, attributes, (args) =>
      own(args, ({ backend }) => {
        asked++;
        return (backend as WasmBackend).makeOutput([1], 'float32');
      }),
    );
    expect(asked, what).toBeLessThan(2);
    if (asked > 0) continue;
    const expected = runReference(kernelName, operands, attributes);
    expect([got.shape, got.dtype], what).toEqual([expected.shape, expected.dtype]);
    expect(same(got.values, expected.values), what).toBe(true);
  }
});

test('truth values are counted on wasm, as on cpu', () => {
  const x = { shape: [3, 4], values: Uint8Array.from([1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1]) };
  for (const axis of [[0], [1], [0, 1]]) {
    expect(run('wasm', 'Sum', { x }, { axis, keepDims: false })).toEqual(
      runReference('Sum', { x }, { axis, keepDims: false }),
    );
  }
});

describe.each(['cpu', 'wasm'] as const)('UnsortedSegmentSum on %s', (backendName) => {
  test.each(['int32', 'bool'] as const)('%s, as on cpu', (dtype) => {
    for (let seed = 1; seed <= casesPerKernel; seed++) {
      const { operands, attributes } = cases.UnsortedSegmentSum!(new Draw(seeded(seed)));
      const whole = { ...operands, x: converted(operands.x!, dtype) };
      const expected = runReference('UnsortedSegmentSum', whole, attributes);
      const got = run(backendName, 'UnsortedSegmentSum', whole, attributes);
      expect([got.shape, got.dtype]).toEqual([expected.shape, 'float32']);
      expect([...got.values]).toEqual([...expected.values]);
    }
  });
});

test('UnsortedSegmentSum: ids and rows that broadcast are for tfjs on cpu, and refused on wasm', () => {
  const vector = (values: number[]): Operand => ({ shape: [values.length], values: Int32Array.from(values) });
  const matrix = { shape: [3, 2], values: Float32Array.from([1, 2, 3, 4, 5, 6]) };
  const wanted = 'expected int32 segmentIds of shape [3]';
  for (const ids of [vector([1]), { shape: [3, 2], values: Int32Array.from([0, 1, 1, 1, 0, 0]) }]) {
    const operands = { x: matrix, segmentIds: ids };
    const attributes = { numSegments: 2 };
    expect(run('cpu', 'UnsortedSegmentSum', operands, attributes)).toEqual(
      runReference('UnsortedSegmentSum', operands, attributes),
    );
    expect(() => run('wasm', 'UnsortedSegmentSum', operands, attributes)).toThrow(
      `[backprop] UnsortedSegmentSum: ${wanted}, got int32 of shape [${ids.shape.join(', ')}]`,
    );
  }
  expect(() =>
    run('cpu', 'UnsortedSegmentSum', { x: matrix, segmentIds: vector([0, 1, 0]) }, { numSegments: -1 }),
  ).toThrow('[backprop] UnsortedSegmentSum: expected a whole number of segments >= 0, got -1');
});

test('a pooling window of one value keeps NaN, as in tfjs', () => {
  const x = { shape: [1, 2, 2, 1], values: Float32Array.from([1, NaN, 3, -Infinity]) };
  for (const kernelName of ['MaxPool', 'AvgPool']) {
    expect([...run('cpu', kernelName, { x }, { filterSize: 1, strides: 1, pad: 'valid' }).values]).toEqual([
      1,
      NaN,
      3,
      -Infinity,
    ]);
  }
});

test('a depthwise convolution with channels first', () => {
  const draw = new Draw(seeded(3));
  const image = draw.values([2, 3, 4, 5]);
  const filter = { shape: [2, 3, 5, 2], values: draw.values([2, 3, 5, 2]) };
  // The same image and result with their axes in the other order.
  const moved = (
    values: ArrayLike<number>,
    [batch, rows, columns, channels]: [number, number, number, number],
  ): Float32Array =>
    Float32Array.from({ length: values.length }, (_, at) => {
      const column = at % columns;
      const row = Math.floor(at / columns) % rows;
      const channel = Math.floor(at / columns / rows) % channels;
      const index = Math.floor(at / columns / rows / channels) % batch;
      return values[((index * rows + row) * columns + column) * channels + channel]!;
    });
  const attributes = { strides: 1, pad: 'same', dilations: 1 };
  const expected = runReference(
    'DepthwiseConv2dNative',
    { x: { shape: [2, 3, 4, 5], values: image }, filter },
    attributes,
  );
  const first = { shape: [2, 5, 3, 4], values: moved(image, [2, 3, 4, 5]) };
  const got = run('cpu', 'DepthwiseConv2dNative', { x: first, filter }, { ...attributes, dataFormat: 'NCHW' });
  expect(got.shape).toEqual([2, 10, 3, 4]);
  expect(same(got.values, moved(expected.values, [2, 3, 4, 10]))).toBe(true);
});

test('a bias of one value is added to every channel', () => {
  const draw = new Draw(seeded(4));
  const bias = { shape: [1], values: Float32Array.from([0.5]) };
  const operands = {
    a: { shape: [1, 3, 4], values: draw.values([1, 3, 4]) },
    b: { shape: [1, 4, 6], values: draw.values([1, 4, 6]) },
    bias,
  };
  const attributes = { transposeA: false, transposeB: false, activation: 'relu' };
  const expected = runReference('_FusedMatMul', operands, attributes);
  for (const backendName of ['cpu', 'wasm'] as const)
    expect(same(run(backendName, '_FusedMatMul', operands, attributes).values, expected.values)).toBe(true);
});
