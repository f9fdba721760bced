/** tf ops with the formula language's meaning: NaN propagates through min and max, whatever the backend thinks of it. */
import * as tf from '@tensorflow/tfjs-core';
import type { ArithmeticOperation } from '../../formula/operations';

type Op = (...args: tf.Tensor[]) => tf.Tensor;
/** tf.minimum(1, NaN) is 1 on wasm; a NaN in the second operand has to be put back. */
const nanFirst = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Op => (a, b) => tf.where(tf.isNaN(a!), tf.add(a!, b!), tf.where(tf.isNaN(b!), tf.add(a!, b!), op(a!, b!)));

export const EAGER: Record<ArithmeticOperation, Op> = {
  add: tf.add as Op, sub: tf.sub as Op, mul: tf.mul as Op, div: tf.div as Op,
  min: nanFirst(tf.minimum), max: nanFirst(tf.maximum),
  abs: tf.abs as Op, neg: tf.neg as Op, sqrt: tf.sqrt as Op, pow: tf.pow as Op, exp: tf.exp as Op, log: tf.log as Op, cos: tf.cos as Op, floor: tf.floor as Op,
  lt: tf.less as Op, le: tf.lessEqual as Op, gt: tf.greater as Op, ge: tf.greaterEqual as Op, eq: tf.equal as Op,
  and: tf.logicalAnd as Op, or: tf.logicalOr as Op, not: tf.logicalNot as Op, finite: tf.isFinite as Op,
  select: tf.where as Op,
};

/** ‖x‖₂ over axes, divided by the largest element first so that neither 1e20 nor 1e-30 is lost. */
export function scaledNorm(x: tf.Tensor, axes?: number[]): tf.Tensor {
  const largest = tf.max(tf.abs(x), axes, true), scale = tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest));
  const length = tf.mul(largest, tf.sqrt(tf.sum(tf.square(tf.div(x, scale)), axes, true)));
  const shape = axes ? x.shape.filter((_, axis) => !axes.includes(axis)) : [];
  // Inf / Inf is NaN, which a norm with an infinity in it may not be told from: both are not finite.
  return tf.reshape(length, shape);
}
