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

/** Sums of squares outside of this range may have lost something to single precision. */
const SAFE_MIN = 1e-24, SAFE_MAX = 1e37;

/** Whether tensors are in the host's memory, so that looking at a number waits for nothing. */
export function isHostMemory(): boolean {
  const name = tf.getBackend();
  if (name === 'cpu' || name === 'wasm') return true;
  return name === 'tensorflow' && (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === false;
}

/**
 * ‖x‖₂ over axes. In the host's memory the plain sum of squares is looked at, and taken again only where 1e20 or 1e-30 is in
 * it; a device, where looking would stall, always divides by the largest element first.
 */
export function safeNorm(x: tf.Tensor, axes?: number[]): tf.Tensor {
  if (axes || !isHostMemory()) return scaledNorm(x, axes);
  const squares = tf.sum(tf.square(x)), total = squares.dataSync()[0]!;
  return total >= SAFE_MIN && total <= SAFE_MAX ? tf.scalar(Math.sqrt(total)) : scaledNorm(x);
}

function scaledNorm(x: tf.Tensor, axes?: number[]): tf.Tensor {
  // Neither 0 / 0 nor a division that a device's flushed denormals would make infinite.
  const largest = tf.max(tf.abs(x), axes, true), scale = tf.maximum(largest, 1e-37);
  // Inf / Inf is NaN: the norm of what holds an infinity is not finite, which is all that is asked of it.
  const length = tf.mul(largest, tf.sqrt(tf.sum(tf.square(tf.div(x, scale)), axes, true)));
  return tf.reshape(length, axes ? x.shape.filter((_, axis) => !axes.includes(axis)) : []);
}
