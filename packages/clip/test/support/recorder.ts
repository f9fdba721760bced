/** Plain descent that keeps the gradients it was given: what a strategy makes of a gradient can be read from it. */
import * as tf from '@tensorflow/tfjs-core';

export class Recorder extends tf.Optimizer {
  static get className(): string {
    return 'Recorder';
  }

  /** The gradients of the last step, by variable; null where there was none. */
  readonly last: Record<string, Float32Array | null> = {};

  constructor(private readonly learningRate = 0.1) {
    super();
  }

  override applyGradients(gradients: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[]): void {
    const list = Array.isArray(gradients) ? gradients : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    for (const { name, tensor } of list) {
      this.last[name] = tensor ? tensor.dataSync().slice() as Float32Array : null;
      const variable = tf.engine().registeredVariables[name]!;
      if (tensor) tf.tidy(() => { variable.assign(tf.sub(variable, tf.mul(this.learningRate, tensor))); });
    }
    this.incrementIterations();
  }

  override async getWeights(): Promise<{ name: string; tensor: tf.Tensor }[]> {
    return [];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { learningRate: this.learningRate };
  }
}
tf.serialization.registerClass(Recorder);

/** What most corner cases are played with: a variable that is one unit, and one of two. */
export const SHAPES = [{ name: 'vector', shape: [3] }, { name: 'matrix', shape: [2, 2] }];
export const WEIGHTS: readonly (readonly number[])[] = [[1, -2, 3], [0.5, 1, -1, 2]];

/** Variables of these values; tfjs refuses a name that is alive, so the caller disposes them. */
export const makeVariables = (shapes: readonly { readonly name: string; readonly shape: readonly number[] }[], values: readonly ArrayLike<number>[]): tf.Variable[] =>
  shapes.map(({ name, shape }, index) => tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(values[index]!), [...shape]), true, name)));

/** One call of applyGradients with plain numbers; null leaves a variable without a gradient. */
export function applyNumbers(optimizer: tf.Optimizer, variables: readonly tf.Variable[], gradients: readonly (ArrayLike<number> | null)[]): void {
  const named = variables.map((variable, index) => ({ name: variable.name, tensor: gradients[index] ? tf.tensor(Float32Array.from(gradients[index]), variable.shape) : null }));
  optimizer.applyGradients(named as never);
  for (const { tensor } of named) tensor?.dispose();
}
