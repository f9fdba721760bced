/** Kernels against float64 where a mean is large beside its deviation, or a sum is long. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { kernels } from '../src';
import type { BackendName } from '../src';
import type { Operands } from './support/kernels';
import { prepare, run } from './support/kernels';
import { Draw, seeded } from './support/random';

beforeAll(prepare);

const has = (kernelName: string, backendName: BackendName): boolean =>
  kernels.some((each) => each.kernelName === kernelName && each.backendName === backendName);

/** Draws values with a mean and a deviation, as float32 has them. */
const around = (
  draw: Draw,
  shape: number[],
  mean: number,
  deviation: number,
): { shape: number[]; values: Float32Array } => ({
  shape,
  values: draw.values(shape).map((value) => mean + value * deviation * Math.sqrt(3)),
});

/** The largest error, beside the largest value expected. */
const error = (got: Float32Array, expected: Float64Array): number => {
  const largest = expected.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
  return got.reduce((found, value, index) => Math.max(found, Math.abs(value - expected[index]!)), 0) / largest;
};

/** Of any seed, and of means from 1 to 100 000 deviations. */
const everywhere = (check: (draw: Draw, ratio: number) => void): void => {
  const ratio = fc.double({ min: 0, max: 5, noNaN: true }).map((exponent) => 10 ** exponent);
  fc.assert(
    fc.property(fc.nat(), ratio, (seed, each) => {
      check(new Draw(seeded(seed)), each);
    }),
    { numRuns: 40, seed: 1 },
  );
};

test('batch normalisation on wasm, from 1 to 100 000 deviations off zero', () => {
  everywhere((draw, ratio) => {
    const rows = draw.whole(1, 40);
    const columns = draw.whole(1, 20);
    const deviation = draw.of(1e-3, 1, 50);
    const channel = [columns];
    const x = around(draw, [rows, columns], ratio * deviation, deviation);
    const mean = around(draw, channel, ratio * deviation, deviation * 0.01);
    const variance = around(draw, channel, deviation ** 2, deviation ** 2 * 0.1);
    const epsilon = deviation ** 2 * 1e-3;
    const offset = draw.values(channel);
    const scale = draw.values(channel);
    const optional = draw.next() < 0.5;
    const operands: Operands = {
      x,
      mean,
      variance,
      ...(optional && { offset: { shape: channel, values: offset }, scale: { shape: channel, values: scale } }),
    };
    const expected = Float64Array.from(x.values, (value, at) => {
      const column = at % columns;
      const normal = (value - mean.values[column]!) / Math.sqrt(variance.values[column]! + epsilon);
      return optional ? normal * scale[column]! + offset[column]! : normal;
    });
    expect(error(run('wasm', 'FusedBatchNorm', operands, { varianceEpsilon: epsilon }).values, expected)).toBeLessThan(
      5e-7,
    );
  });
});

describe.each(['wasm', 'cpu'] as const)('%s', (backendName) => {
  test.each(['Sum', 'Mean'].filter((kernelName) => has(kernelName, backendName)))(
    '%s of up to 100 000 rows',
    (kernelName) => {
      everywhere((draw, ratio) => {
        const rows = draw.of(draw.whole(1, 40), draw.whole(1, 5000), 100_000);
        const columns = rows > 5000 ? 3 : draw.whole(2, 40);
        const x = around(draw, [rows, columns], ratio, draw.of(1, 0));
        const expected = new Float64Array(columns);
        x.values.forEach((value, at) => {
          expected[at % columns]! += value / (kernelName === 'Mean' ? rows : 1);
        });
        expect(
          error(run(backendName, kernelName, { x }, { axis: [0], keepDims: false }).values, expected),
        ).toBeLessThan(1e-6);
      });
    },
  );

  test('a segment of up to 100 000 rows', () => {
    everywhere((draw, ratio) => {
      const rows = draw.of(draw.whole(1, 40), 5000, 100_000);
      const size = draw.whole(1, 12);
      const numSegments = 3;
      const x = around(draw, [rows, size], ratio, draw.of(1, 0));
      const ids = Int32Array.from({ length: rows }, () => draw.of(0, 0, 0, 0, 1, 3));
      const expected = new Float64Array(numSegments * size);
      x.values.forEach((value, at) => {
        if (ids[Math.floor(at / size)]! < numSegments)
          expected[ids[Math.floor(at / size)]! * size + (at % size)]! += value;
      });
      const got = run(
        backendName,
        'UnsortedSegmentSum',
        { x, segmentIds: { shape: [rows], values: ids } },
        { numSegments },
      );
      expect(error(got.values, expected)).toBeLessThan(1e-6);
    });
  });

  // Of one sign, as after relu: rounding does not average out.
  test('the gradient of a filter over 50 000 pixels', () => {
    const draw = new Draw(seeded(1));
    const image = [4, 112, 112, 9];
    const one = { strides: 1, pad: 'valid', dilations: 1, dataFormat: 'NHWC' };
    const x = around(draw, image, 1.1, 0.01);
    const dy = around(draw, image, 0.7, 0.01);
    const expected = new Float64Array(9);
    x.values.forEach((value, at) => {
      expected[at % 9]! += value * dy.values[at]!;
    });
    const depthwise = run(
      backendName,
      'DepthwiseConv2dNativeBackpropFilter',
      { x, dy },
      { ...one, filterShape: [1, 1, 9, 1] },
    );
    expect(error(depthwise.values, expected)).toBeLessThan(2e-5);
    const whole = run(backendName, 'Conv2DBackpropFilter', { x, dy }, { ...one, filterShape: [1, 1, 9, 9] });
    expect(
      error(
        whole.values.filter((_, at) => at % 10 === 0),
        expected,
      ),
    ).toBeLessThan(2e-5);
  });
});
