/** How far each optimizer gets on two functions whose minimum is known: an ill-conditioned bowl, and Rosenbrock's valley. */
import { tensor, tidy, variable, type Optimizer, type Variable } from '@tensorflow/tfjs-core';
import { useBackend } from '../backends';
import { oneOf } from '../errors';
import { optimizers } from '../expressions/registry';

interface Problem {
  readonly shape: readonly number[];
  readonly start: readonly number[];
  value(w: Float32Array): number;
  gradient(w: Float32Array): Float32Array;
}

/** Curvatures from 1 to 100, evenly spaced in their logarithm; a matrix, so that optimizers for matrices are at home. */
const CURVATURES = Array.from({ length: 20 }, (_, index) => 100 ** (index / 19));

export const problems: Record<string, Problem> = {
  /** f(w) = 1/2 sum k_i w_i^2, from all ones: 230 at the start, 0 at the minimum. */
  quadratic: {
    shape: [4, 5],
    start: CURVATURES.map(() => 1),
    value: (w) => CURVATURES.reduce((total, curvature, index) => total + 0.5 * curvature * w[index]! ** 2, 0),
    gradient: (w) => Float32Array.from(w, (each, index) => CURVATURES[index]! * each),
  },
  /** f(x, y) = (1 - x)^2 + 100 (y - x^2)^2, from (-1.2, 1): 24.2 at the start, 0 at (1, 1). [Rosenbrock 1960] */
  rosenbrock: {
    shape: [1, 2],
    start: [-1.2, 1],
    value: ([x, y]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
    gradient: ([x, y]) => Float32Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)),
  },
};

/** Learning rates that are tried: the best one's result counts, as it would for somebody who tunes. */
export const RATES = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];

export interface ConvergenceResult {
  readonly optimizer: string;
  readonly problem: string;
  readonly steps: number;
  /** The smallest last value over all rates; null where none stayed finite. */
  readonly value: number | null;
  readonly learningRate: number | null;
}

/** Minimises a problem from its start, with each learning rate; runs on cpu. */
export async function measureConvergence(optimizer: string, problem: string, steps: number): Promise<ConvergenceResult> {
  await useBackend('cpu');
  const make = oneOf('optimizer', Object.fromEntries(optimizers), optimizer) as (options: { learningRate: number }) => Optimizer;
  const chosen = oneOf('problem', problems, problem);
  const results = RATES.map((learningRate) => ({ learningRate, value: minimise(make({ learningRate }), chosen, steps) })).filter(({ value }) => Number.isFinite(value));
  const best = results.sort((a, b) => a.value - b.value)[0];
  return { optimizer, problem, steps, value: best?.value ?? null, learningRate: best?.learningRate ?? null };
}

function minimise(optimizer: Optimizer, { shape, start, value, gradient }: Problem, steps: number): number {
  const weights: Variable = tidy(() => variable(tensor([...start], [...shape])));
  for (let step = 0; step < steps; step++) {
    const now = tensor(gradient(weights.dataSync() as Float32Array), [...shape]);
    optimizer.applyGradients([{ name: weights.name, tensor: now }] as never);
    now.dispose();
  }
  const result = value(weights.dataSync() as Float32Array);
  weights.dispose();
  optimizer.dispose();
  return result;
}
