/** Shapes that fill more than one block of every kernel; our cpu kernels, which the sweep holds against tfjs's, are the reference. */
import { beforeAll, expect, test } from 'vitest';
import type { Attributes } from './support/kernels';
import { difference, prepare, run } from './support/kernels';
import { Draw, seeded } from './support/random';

beforeAll(prepare);

const draw = new Draw(seeded(11));
const agree = (kernelName: string, shapes: Record<string, number[]>, attributes: Attributes): void => {
  const operands = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, values: draw.values(shape) }]));
  const expected = run('cpu', kernelName, operands, attributes), got = run('wasm', kernelName, operands, attributes);
  expect(got.shape).toEqual(expected.shape);
  expect(difference(got.values, expected.values)).toBeLessThan(1e-4);
};

// 585 filter weights are more than one walk, 1 156 pixels more than one panel, 65 outputs no whole tile.
test.each(['NHWC', 'NCHW'] as const)('convolution, %s', (dataFormat) => {
  const image = dataFormat === 'NHWC' ? [4, 17, 17, 65] : [4, 65, 17, 17], attributes = { strides: 1, pad: 'same', dataFormat };
  agree('Conv2D', { x: image, filter: [3, 3, 65, 65] }, { ...attributes, dilations: 1 });
  agree('Conv2DBackpropFilter', { x: image, dy: image }, { ...attributes, filterShape: [3, 3, 65, 65] });
  agree('Conv2DBackpropInput', { dy: image, filter: [3, 3, 65, 65] }, { ...attributes, inputShape: image });
});

test('a row longer than a panel of pixels', () => {
  agree('Conv2DBackpropFilter', { x: [2, 3, 700, 3], dy: [2, 3, 700, 5] }, { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 3, 5] });
});

test('pointwise convolution', () => {
  const attributes = { strides: 1, pad: 'valid', dataFormat: 'NHWC' };
  agree('Conv2D', { x: [3, 20, 20, 70], filter: [1, 1, 70, 33] }, { ...attributes, dilations: 1 });
  agree('Conv2DBackpropFilter', { x: [3, 20, 20, 70], dy: [3, 20, 20, 33] }, { ...attributes, filterShape: [1, 1, 70, 33] });
  agree('Conv2DBackpropInput', { dy: [3, 20, 20, 33], filter: [1, 1, 70, 33] }, { ...attributes, inputShape: [3, 20, 20, 70] });
});

test.each([[false, false], [false, true], [true, false], [true, true]])('matMul of 70 × 600 and 600 × 1100, transposed %s, %s', (transposeA, transposeB) => {
  agree('BatchMatMul', { a: transposeA ? [600, 70] : [70, 600], b: transposeB ? [1100, 600] : [600, 1100] }, { transposeA, transposeB });
});

test('sums of many rows', () => {
  agree('Sum', { x: [50_000, 19] }, { axis: [0], keepDims: false });
});
