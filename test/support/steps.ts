/** Variables and calls of applyGradients from plain numbers. */
import * as tf from '@tensorflow/tfjs-core';

export function variable(name: string, values: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor1d([...values]), true, name));
}

type Entry = readonly [variable: tf.Variable, gradient: readonly number[] | null];

/** One call with these gradients; null is none. */
export function call(optimizer: tf.Optimizer, ...entries: readonly Entry[]): void {
  tf.tidy(() => {
    const gradients = entries.map(([{ name }, values]) => ({ name, tensor: values && tf.tensor1d([...values]) }));
    optimizer.applyGradients(gradients as never);
  });
}
