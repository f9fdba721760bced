/** The variables and gradients that contract tests play with: small, seeded, of every rank, with names that loaders rewrite. */
import * as tf from '@tensorflow/tfjs-core';

/** Kernels of a two-layer model and what else occurs: a scalar, a depthwise kernel, a variable without elements. */
export const SCENE_SHAPES: readonly { readonly name: string; readonly shape: readonly number[] }[] = [
  { name: 'first_conv/kernel', shape: [3, 3, 2, 5] },
  { name: 'first_conv/bias', shape: [5] },
  { name: 'depthwise/depthwise_kernel', shape: [2, 2, 3, 2] },
  { name: 'up/conv2d_transpose_kernel', shape: [2, 2, 3, 4] },
  { name: 'head/dense_kernel', shape: [37, 6] },
  { name: 'head/bias', shape: [6] },
  { name: 'gain', shape: [] },
];

/** A seeded generator of numbers in (−1, 1): mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2147483648 - 1;
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

export const sceneWeights = (seed = 1): Float32Array[] => SCENE_SHAPES.map(({ shape }, index) => {
  const next = randomNumbers(seed * 1000 + index);
  return Float32Array.from({ length: sizeOf(shape) }, next);
});

/** Gradients of a step: their scale swings over four orders of magnitude, so that some steps are clipped and some are not. */
export const sceneGradients = (step: number, seed = 1): Float32Array[] => SCENE_SHAPES.map(({ shape }, index) => {
  const next = randomNumbers(seed * 7919 + step * 101 + index), scale = 10 ** (2 * Math.sin(1.7 * step + index));
  return Float32Array.from({ length: sizeOf(shape) }, () => next() * scale);
});

/** One run: variables on the current backend, and an optimizer that steps them. */
export class Scene {
  readonly variables: tf.Variable[];

  constructor(readonly optimizer: tf.Optimizer, weights = sceneWeights()) {
    this.variables = weights.map((values, index) => {
      const { name, shape } = SCENE_SHAPES[index]!;
      return tf.tidy(() => tf.variable(tf.tensor(values, shape as number[]), true, freeName(name)));
    });
  }

  /** Applies gradients; null leaves a variable out. `order` gives the list's order. */
  step(gradients: readonly (Float32Array | null)[], order: readonly number[] = gradients.map((_, index) => index)): void {
    const named = order.map((index) => ({ name: this.variables[index]!.name, tensor: gradients[index] ? tf.tensor(gradients[index], SCENE_SHAPES[index]!.shape as number[]) : null }));
    this.optimizer.applyGradients(named as never);
    for (const { tensor } of named) tensor?.dispose();
  }

  /** Takes the steps from `from` up to `to`. */
  train(from: number, to: number): this {
    for (let at = from; at < to; at++) this.step(sceneGradients(at));
    return this;
  }

  values(): Float32Array[] {
    return this.variables.map((variable) => variable.dataSync().slice() as Float32Array);
  }

  assign(values: readonly Float32Array[]): void {
    values.forEach((each, index) => { tf.tidy(() => { this.variables[index]!.assign(tf.tensor(each, SCENE_SHAPES[index]!.shape as number[])); }); });
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
    this.optimizer.dispose();
  }
}

/** The name, or as tfjs does when it is taken: the name with a number. */
function freeName(name: string): string {
  const taken = tf.engine().registeredVariables;
  for (let suffix = 0; ; suffix++) {
    const candidate = suffix ? `${name}_${suffix}` : name;
    if (!taken[candidate]) return candidate;
  }
}

/** What a single number w becomes after each call of applyGradients with a gradient of one number. Disposes the optimizer. */
export function scalarPath(optimizer: tf.Optimizer, gradients: readonly number[], from = 0): number[] {
  const weight = tf.tidy(() => tf.variable(tf.scalar(from)));
  const values = gradients.map((each) => {
    tf.tidy(() => { optimizer.applyGradients([{ name: weight.name, tensor: tf.scalar(each) }]); });
    return weight.dataSync()[0]!;
  });
  weight.dispose();
  optimizer.dispose();
  return values;
}

/** The largest difference of two runs, relative to each variable's largest element. NaN in one but not the other is Infinity. */
export function largestDifference(actual: readonly Float32Array[], wanted: readonly ArrayLike<number>[]): number {
  let largest = 0;
  actual.forEach((values, index) => {
    const other = wanted[index]!;
    let scale = 0, difference = 0;
    for (let at = 0; at < values.length; at++) {
      const a = values[at]!, b = other[at]!;
      if (Number.isNaN(a) && Number.isNaN(b)) continue;
      if (Number.isNaN(a) || Number.isNaN(b)) difference = Infinity;
      else if (a !== b) difference = Math.max(difference, Math.abs(a - b));
      if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
    }
    largest = Math.max(largest, difference === 0 ? 0 : difference / (scale || 1));
  });
  return largest;
}
