/** The real thing: variables and the optimizer that steps them, as one process of a user's has them. */
import * as tf from '@tensorflow/tfjs-core';
import { ClipkitOptimizer, forceBackend } from '@clipkit/core';
import { gradientValues, type Entry, type Home } from './moves';

/** A weight as a file holds it. */
export interface SavedWeight {
  readonly name: string;
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
  readonly values: tf.TypedArray;
}

export async function goTo(home: Home): Promise<void> {
  await tf.setBackend(home.endsWith('wasm') ? 'wasm' : 'cpu');
  forceBackend(home.startsWith('eager') ? 'eager' : null);
}

export const plainWeights = (weights: readonly { name: string; tensor: tf.Tensor }[]): SavedWeight[] =>
  weights.map(({ name, tensor }) => ({
    name,
    dtype: tensor.dtype,
    shape: [...tensor.shape],
    values: tensor.dataSync().slice(),
  }));

/** Sets weights from plain arrays, as a loader does: the tensors are the caller's, who disposes them. */
export async function setPlainWeights(optimizer: tf.Optimizer, saved: readonly SavedWeight[]): Promise<void> {
  const tensors = saved.map(({ name, dtype, shape, values }) => ({
    name,
    tensor: tf.tensor(values.slice(), [...shape], dtype as 'float32'),
  }));
  try {
    await optimizer.setWeights(tensors);
  } finally {
    for (const { tensor } of tensors) tensor.dispose();
  }
}

export const fromConfig = (config: unknown): ClipkitOptimizer =>
  ClipkitOptimizer.fromConfig(
    ClipkitOptimizer as never,
    config as tf.serialization.ConfigDict,
  ) as unknown as ClipkitOptimizer;

/** What a file would hold of the configuration. */
export const plainConfig = (optimizer: ClipkitOptimizer): unknown => JSON.parse(JSON.stringify(optimizer.getConfig()));

export class World {
  readonly variables: tf.Variable[];

  constructor(
    public optimizer: ClipkitOptimizer,
    names: readonly (string | null)[],
    private readonly shapes: readonly (readonly number[])[],
    values: readonly Float32Array[],
  ) {
    this.variables = [];
    try {
      names.forEach((name, index) => {
        this.variables.push(this.make(name, index, values[index]!));
      });
    } catch (error) {
      for (const each of this.variables) each.dispose();
      throw error;
    }
  }

  private make(name: string | null, index: number, values: Float32Array): tf.Variable {
    return tf.tidy(() => tf.variable(tf.tensor(values.slice(), [...this.shapes[index]!]), true, name ?? undefined));
  }

  step(entries: readonly Entry[]): void {
    const named = entries.map(({ variable, gradient }) => {
      const shape = this.shapes[variable]!;
      return {
        name: this.variables[variable]!.name,
        tensor: gradient ? tf.tensor(gradientValues(gradient, variable, shape), [...shape]) : null,
      };
    });
    try {
      this.optimizer.applyGradients(named as never);
    } finally {
      for (const { tensor } of named) tensor?.dispose();
    }
  }

  values(): Float32Array[] {
    return this.variables.map((variable) => variable.dataSync().slice() as Float32Array);
  }

  assign(values: readonly Float32Array[]): void {
    values.forEach((each, index) => {
      tf.tidy(() => {
        this.variables[index]!.assign(tf.tensor(each.slice(), [...this.shapes[index]!]));
      });
    });
  }

  replace(index: number): void {
    const old = this.variables[index]!;
    const values = old.dataSync().slice() as Float32Array;
    const { name } = old;
    old.dispose();
    this.variables[index] = this.make(name, index, values);
  }

  dispose(): void {
    this.optimizer.dispose();
    for (const variable of this.variables) variable.dispose();
  }
}
