/** tf ops with the formula language's meaning: NaN goes through min and max, whatever the backend thinks of it. */
import * as tf from '@tensorflow/tfjs-core';
import type { ArithmeticOperation } from '../../formula/operations';

type Op = (...args: tf.Tensor[]) => tf.Tensor;
/** tf.minimum(1, NaN) is 1 on wasm; a NaN in the second operand has to be put back. */
const nanFirst =
  (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Op =>
  (a, b) =>
    tf.where(tf.isNaN(a!), tf.add(a!, b!), tf.where(tf.isNaN(b!), tf.add(a!, b!), op(a!, b!)));

export const EAGER: Record<ArithmeticOperation, Op> = {
  add: tf.add as Op,
  sub: tf.sub as Op,
  mul: tf.mul as Op,
  div: tf.div as Op,
  min: nanFirst(tf.minimum),
  max: nanFirst(tf.maximum),
  abs: tf.abs as Op,
  neg: tf.neg as Op,
  sqrt: tf.sqrt as Op,
  pow: tf.pow as Op,
  exp: tf.exp as Op,
  log: tf.log as Op,
  cos: tf.cos as Op,
  floor: tf.floor as Op,
  lt: tf.less as Op,
  le: tf.lessEqual as Op,
  gt: tf.greater as Op,
  ge: tf.greaterEqual as Op,
  eq: tf.equal as Op,
  and: tf.logicalAnd as Op,
  or: tf.logicalOr as Op,
  not: tf.logicalNot as Op,
  finite: tf.isFinite as Op,
  select: tf.where as Op,
};

/** Whether tensors are in the host's memory, so that looking at a number waits for nothing. */
export function isHostMemory(): boolean {
  const name = tf.getBackend();
  if (name === 'cpu' || name === 'wasm') return true;
  return name === 'tensorflow' && (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === false;
}
