/** Sizes of zero: tfjs's cpu kernels say what comes out; its wasm kernels leave such results unwritten, or trap. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { kernels } from '../src';
import type { BackendName } from '../src';
import type { WasmBackend } from '../src/wasm/heap';
import { empties } from './support/empties';
import { prepare, run, runReference, same } from './support/kernels';
import { Draw, seeded } from './support/random';

const casesPerKernel = 200;

beforeAll(prepare);

test('every kernel has cases', () => {
  expect(new Set(kernels.map(({ kernelName }) => kernelName))).toEqual(new Set(Object.keys(empties)));
});

/** So that a result that nobody wrote shows. */
const soil = (): void => {
  const { wasm } = tf.findBackend('wasm') as unknown as WasmBackend;
  const pieces = [8, 64, 512, 4096, 65_536].map((bytes) => [bytes, wasm._malloc(bytes) >>> 0] as const);
  for (const [bytes, pointer] of pieces) new Uint8Array(wasm.asm!.memory!.buffer, pointer, bytes).fill(0x7b);
  for (const [, pointer] of pieces) wasm._free(pointer);
};

describe.each(kernels.map(({ kernelName, backendName }) => [kernelName, backendName] as const))(
  '%s on %s',
  (kernelName, backendName) => {
    test(`${casesPerKernel} cases`, () => {
      for (let seed = 1; seed <= casesPerKernel; seed++) {
        const { operands, attributes } = empties[kernelName]!(new Draw(seeded(seed * 7919)));
        const shapes = Object.values(operands).map(({ shape }) => shape);
        const what = `seed ${seed}: ${JSON.stringify({ shapes, attributes })}`;
        const attempt = <Value>(make: () => Value): Value | undefined => {
          try {
            return make();
          } catch {
            return undefined;
          }
        };
        const expected = attempt(() => runReference(kernelName, operands, attributes));
        soil();
        const got = attempt(() => run(backendName, kernelName, operands, attributes));
        expect(got === undefined, what).toBe(expected === undefined);
        if (!got || !expected) continue;
        expect([got.shape, got.dtype], what).toEqual([expected.shape, expected.dtype]);
        expect(same(got.values, expected.values), what).toBe(true);
      }
    });
  },
);

describe.each(['wasm', 'cpu'] as BackendName[])('a filter larger than the image, on %s', (backendName) => {
  const operand = (shape: number[]): { shape: number[]; values: Float32Array } => ({
    shape,
    values: new Float32Array(tf.util.sizeFromShape(shape)),
  });
  const image = operand([1, 3, 6, 2]);
  const convolution = { strides: 1, dilations: 1, dataFormat: 'NHWC' };
  const refused: [string, Parameters<typeof run>[2], Parameters<typeof run>[3]][] = [
    ['Conv2D', { x: image, filter: operand([5, 5, 2, 3]) }, convolution],
    ['Conv2D', { x: operand([1, 2, 3, 6]), filter: operand([5, 5, 2, 3]) }, { ...convolution, dataFormat: 'NCHW' }],
    [
      'FusedConv2D',
      { x: image, filter: operand([5, 5, 2, 3]), bias: operand([3]) },
      { ...convolution, activation: 'relu' },
    ],
    ['DepthwiseConv2dNative', { x: image, filter: operand([5, 5, 2, 3]) }, convolution],
    ['FusedDepthwiseConv2D', { x: image, filter: operand([5, 5, 2, 3]) }, { ...convolution, activation: 'relu' }],
    ['MaxPool', { x: image }, { filterSize: 5, strides: 1 }],
    ['AvgPool', { x: image }, { filterSize: 5, strides: 1 }],
  ];
  const here = refused.filter(([name]) =>
    kernels.some((each) => each.kernelName === name && each.backendName === backendName),
  );
  test.each(here)('%s', (kernelName, operands, attributes) => {
    for (const pad of ['valid', 0]) {
      const expected =
        'expected an image that the filter of 5 × 5 fits into; pad the image, or take a smaller filter, got 3 × 6';
      expect(() => run(backendName, kernelName, operands, { ...attributes, pad })).toThrow(
        `[backprop] ${kernelName}: ${expected}`,
      );
    }
  });
});
