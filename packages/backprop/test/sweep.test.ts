/** Every kernel against tfjs's own cpu kernel, over seeded random shapes. */
import { beforeAll, describe, expect, test } from 'vitest';
import { kernels } from '../src';
import { difference, prepare, run, runReference } from './support/kernels';
import { Draw, seeded } from './support/random';
import { cases } from './support/cases';

const shapesPerKernel = 300;

beforeAll(prepare);

test('every kernel has a sweep', () => {
  expect(new Set(kernels.map(({ kernelName }) => kernelName))).toEqual(new Set(Object.keys(cases)));
});

describe.each(Object.keys(cases))('%s', (kernelName) => {
  const backendNames = kernels.filter((each) => each.kernelName === kernelName).map(({ backendName }) => backendName);
  test(`equals tfjs on ${backendNames.join(' and ')} over ${shapesPerKernel} shapes`, () => {
    for (let seed = 1; seed <= shapesPerKernel; seed++) {
      const { operands, attributes } = cases[kernelName]!(new Draw(seeded(seed * 7919)));
      const expected = runReference(kernelName, operands, attributes);
      for (const backendName of backendNames) {
        const got = run(backendName, kernelName, operands, attributes);
        const what = `${backendName}, seed ${seed}: ${JSON.stringify({ shapes: Object.values(operands).map(({ shape }) => shape), attributes })}`;
        expect(got.shape, what).toEqual(expected.shape);
        expect(difference(got.values, expected.values), what).toBeLessThan(1e-4);
      }
    }
  });
});
