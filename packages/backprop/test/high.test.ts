/** A heap past 2 GiB, where an address no longer fits a signed number: kernels give the bits that they give below. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kernels } from '../src';
import type { WasmBackend } from '../src/wasm/heap';
import { cases } from './support/cases';
import { empties } from './support/empties';
import type { Attributes } from './support/kernels';
import { prepare, run } from './support/kernels';
import { Draw, seeded } from './support/random';

const signed = 2 ** 31;
const megabyte = 2 ** 20;
const shapesPerKernel = 40;
const names = kernels.filter(({ backendName }) => backendName === 'wasm').map(({ kernelName }) => kernelName);
const heap = (): WasmBackend => tf.findBackend('wasm') as unknown as WasmBackend;
const memory = (): ArrayBuffer => heap().wasm.asm!.memory!.buffer as ArrayBuffer;
const addressOf = ({ dataId }: tf.TensorInfo): number => heap().dataIdMap.get(dataId).memoryOffset >>> 0;
const taken: number[] = [];

const take = (bytes: number): number => {
  const pointer = heap().wasm._malloc(bytes) >>> 0;
  expect(pointer).toBeGreaterThan(0);
  taken.push(pointer);
  return pointer;
};

afterAll(() => {
  for (const pointer of taken) heap().wasm._free(pointer);
});

/** 256 MB that are low, the same across 2 GiB, and above nothing but what a test takes. */
const rows = 65_536;
const columns = 1024;
const bytes = rows * columns * 4;
let low: tf.TensorInfo;
let across: tf.TensorInfo;

const below = new Map<string, unknown[]>();
const results = (kernelName: string): unknown[] =>
  Array.from({ length: shapesPerKernel }, (_, seed) => {
    const { operands, attributes } = (seed % 4 ? cases : empties)[kernelName]!(new Draw(seeded(seed * 104_729 + 1)));
    try {
      return run('wasm', kernelName, operands, attributes);
    } catch (error) {
      return (error as Error).message;
    }
  });

beforeAll(async () => {
  await prepare();
  for (const kernelName of names) below.set(kernelName, results(kernelName));
  low = heap().makeOutput([rows, columns], 'float32');
  const values = new Float32Array(memory(), addressOf(low), rows * columns);
  for (let at = 0; at < values.length; at++) values[at] = ((at * 2_654_435_761) >>> 8) / 2 ** 24 - 0.5;
  for (;;) {
    across = heap().makeOutput([rows, columns], 'float32');
    if (addressOf(across) + bytes > signed) break;
    taken.push(addressOf(across));
  }
  new Uint8Array(memory()).copyWithin(addressOf(across), addressOf(low), addressOf(low) + bytes);
  // What is left below is filled up, so that pieces of every size come from above.
  for (let size = 64 * megabyte; size >= 16; size /= 2) while (take(size) < signed);
});

test('the tensor lies across, tensors and scratch memory above 2 GiB, on a heap of more', () => {
  expect(addressOf(across)).toBeLessThan(signed);
  expect(addressOf(across) + bytes).toBeGreaterThan(signed);
  const tensor = tf.ones([3]);
  const scratch = take(64);
  expect(addressOf(tensor)).toBeGreaterThan(signed);
  expect(scratch).toBeGreaterThan(signed);
  expect(memory().byteLength).toBeGreaterThan(2.2 * 2 ** 30);
  tensor.dispose();
});

test.each(names)('%s above', (kernelName) => {
  expect(results(kernelName)).toEqual(below.get(kernelName));
});

describe('across', () => {
  const made: tf.TensorInfo[] = [];
  const keep = <Info extends tf.TensorInfo>(info: Info): Info => {
    made.push(info);
    return info;
  };
  afterEach(() => {
    for (const { dataId } of made.splice(0)) heap().disposeData(dataId);
  });

  /** A small operand. */
  const small = (shape: number[], seed = 1): tf.TensorInfo => {
    const values = new Draw(seeded(seed)).values(shape);
    return keep({ dataId: tf.findBackend('wasm').write(values, shape, 'float32'), shape, dtype: 'float32' });
  };
  const whole = (values: number[]): tf.TensorInfo =>
    keep({
      dataId: tf.findBackend('wasm').write(Int32Array.from(values), [values.length], 'int32'),
      shape: [values.length],
      dtype: 'int32',
    });

  /** Bytes of all results, with the large operand in the shape that is asked for. */
  const outcome = (
    kernelName: string,
    large: tf.TensorInfo,
    shape: number[],
    inputsOf: (x: tf.TensorInfo) => unknown,
    attrs: Attributes,
  ): Buffer[] => {
    const { kernelFunc } = tf.getKernel(kernelName, 'wasm')!;
    const outputs = [
      kernelFunc({
        inputs: inputsOf({ ...large, shape }) as tf.NamedTensorInfoMap,
        attrs: attrs as tf.NamedAttrMap,
        backend: heap(),
      }),
    ].flat();
    return outputs.map((each) =>
      Buffer.from(
        memory(),
        addressOf(keep(each)),
        tf.util.sizeFromShape(each.shape) * tf.util.bytesPerElement(each.dtype),
      ),
    );
  };

  const image = [1, 256, 256, columns];
  const one = { strides: 1, pad: 'same', dilations: 1, dataFormat: 'NHWC' };
  const pool = { filterSize: 2, strides: 2, pad: 'valid' };
  const matrix = [rows, columns];
  const checks: Record<string, [shape: number[], inputsOf: (x: tf.TensorInfo) => unknown, attributes: Attributes]> = {
    Conv2D: [image, (x) => ({ x, filter: small([3, 3, columns, 2]) }), one],
    FusedConv2D: [
      image,
      (x) => ({ x, filter: small([1, 1, columns, 4]), bias: small([4]) }),
      { ...one, activation: 'relu' },
    ],
    Conv2DBackpropFilter: [
      image,
      (x) => ({ x, dy: small([1, 256, 256, 2]) }),
      { ...one, filterShape: [2, 2, columns, 2] },
    ],
    Conv2DBackpropInput: [
      [1, 128, 128, 4096],
      (dy) => ({ dy, filter: small([2, 2, 3, 4096]) }),
      { ...one, inputShape: [1, 128, 128, 3] },
    ],
    DepthwiseConv2dNativeBackpropFilter: [
      image,
      (x) => ({ x, dy: { ...x } }),
      { ...one, filterShape: [2, 2, columns, 1] },
    ],
    DepthwiseConv2dNativeBackpropInput: [
      image,
      (dy) => ({ dy, filter: small([2, 2, columns, 1]) }),
      { ...one, inputShape: image },
    ],
    MaxPoolGrad: [image, (input) => ({ input, dy: small([1, 128, 128, columns]) }), pool],
    AvgPoolGrad: [[1, 128, 128, 4096], (dy) => ({ dy, input: { ...dy } }), { ...pool, filterSize: 1, strides: 1 }],
    BatchMatMul: [matrix, (a) => ({ a, b: small([4, columns]) }), { transposeA: false, transposeB: true }],
    _FusedMatMul: [
      [1, columns, rows],
      (a) => ({ a, b: small([1, 5, rows]), bias: small([5]) }),
      { transposeA: false, transposeB: true, activation: 'relu' },
    ],
    Sum: [matrix, (x) => ({ x }), { axis: [0], keepDims: false }],
    Mean: [matrix, (x) => ({ x }), { axis: [0], keepDims: false }],
    Add: [matrix, (a) => ({ a, b: small([columns]) }), {}],
    Sub: [matrix, (b) => ({ a: small([columns]), b }), {}],
    Multiply: [[256, 256, columns], (a) => ({ a, b: small([256, 1, columns]) }), {}],
    Equal: [matrix, (a) => ({ a, b: small([columns]) }), {}],
    GatherV2: [matrix, (x) => ({ x, indices: whole([0, rows - 1, 32_768, 17, 65_000]) }), { axis: 0, batchDims: 0 }],
    FusedBatchNorm: [
      matrix,
      (x) => ({ x, mean: small([columns]), variance: { ...x, shape: [columns] } }),
      { varianceEpsilon: 1 },
    ],
    Tile: [[1, rows, columns], (x) => ({ x }), { reps: [2, 1, 1] }],
    Concat: [matrix, (x) => [x, small([1, columns])], { axis: 0 }],
    SplitV: [matrix, (x) => ({ x }), { numOrSizeSplits: [1000, 24], axis: 1 }],
    UnsortedSegmentSum: [
      [256, 256 * columns],
      (x) => ({ x, segmentIds: whole(Array.from({ length: 256 }, (_, row) => row % 3)) }),
      { numSegments: 3 },
    ],
    Identity: [matrix, (x) => ({ x }), {}],
    Cast: [matrix, (x) => ({ x }), { dtype: 'float32' }],
  };

  test('every kernel', () => {
    expect(new Set(Object.keys(checks))).toEqual(new Set(names));
  });

  test.each(Object.entries(checks))('%s', (kernelName, [shape, inputsOf, attributes]) => {
    const expected = outcome(kernelName, low, shape, inputsOf, attributes).map((each) => Buffer.from(each));
    for (const { dataId } of made.splice(0)) heap().disposeData(dataId);
    const got = outcome(kernelName, across, shape, inputsOf, attributes);
    expect(got.length).toBe(expected.length);
    expect(got.map((each, index) => each.equals(expected[index]!))).toEqual(expected.map(() => true));
  });

  test('an address that tfjs noted as a negative number', () => {
    let indices = whole([2, 0]);
    while (addressOf(indices) < signed) indices = whole([2, 0]);
    (heap().dataIdMap.get(indices.dataId) as { memoryOffset: number }).memoryOffset |= 0;
    const x = small([3, 4]);
    const [got] = outcome('GatherV2', x, [3, 4], () => ({ x, indices }), { axis: 0, batchDims: 0 });
    const values = new Draw(seeded(1)).values([3, 4]);
    expect([...new Float32Array(got!.buffer, got!.byteOffset, 8)]).toEqual([...values.slice(8), ...values.slice(0, 4)]);
  });
});
