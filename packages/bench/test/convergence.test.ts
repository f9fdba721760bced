/** Optimizers go down the functions that they are shown on, and gradients are those of the values. */
import { expect, it } from 'vitest';
import { measureConvergence, problems } from '../src/convergence/measure';

it.each(Object.entries(problems))('%s: the gradient is that of the value', (_name, { start, value, gradient }) => {
  const at = Float32Array.from(start), slope = gradient(at);
  slope.forEach((each, index) => {
    const [up, down] = [1, -1].map((sign) => value(at.map((entry, place) => (place === index ? entry + sign * 2 ** -10 : entry))));
    expect((up! - down!) / 2 ** -9 / each).toBeCloseTo(1, 2);
  });
});

it('adam comes down both, and an unknown name is refused', async () => {
  expect((await measureConvergence('adam', 'quadratic', 300)).value).toBeLessThan(0.1);
  expect((await measureConvergence('adam', 'rosenbrock', 300)).value).toBeLessThan(2);
  await expect(measureConvergence('nothing', 'quadratic', 1)).rejects.toThrow(/nothing/);
});
