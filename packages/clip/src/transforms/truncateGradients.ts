/** Truncation: the largest entries of each gradient stay, the rest becomes zero. */
import * as tf from '@tensorflow/tfjs-core';
import { custom, defineTransform, expected, fields, type CustomFunction, type Threshold } from '@clipkit/core';

/**
 * Keeps the k entries of each variable's gradient that are largest in magnitude, and sets the others to zero.
 *
 * k = ⌈fraction · n⌉ or min(length, n); of equal entries the first ones stay, so that exactly k do. A NaN counts as the largest.
 *
 * It shortens the list of what is learned from, while clipping shortens the vector; and it has nothing to do with truncated
 * back-propagation through time, which cuts the sequence. Around it, errorFeedback keeps what was cut for later steps.
 * @param options either fraction: a share in [0, 1], or length: a number of entries ≥ 0; under a schedule k is rounded in single precision
 * @throws TypeError, RangeError on an option that is out of its range, on both or none
 * @see Lin, Han, Mao, Wang, Dally 2017, "Deep gradient compression", 1712.01887
 */
export const truncateGradients = defineTransform({
  kind: 'truncateGradients',
  package: 'clip',
  arguments: (options: { fraction: Threshold } | { length: Threshold }) => options,
  options: { fraction: fields.threshold({ optional: true }), length: fields.threshold({ optional: true }) },
  check: ({ fraction, length }, owner) => {
    if ((fraction === undefined) === (length === undefined)) throw new TypeError(expected(owner, 'options', 'either { fraction } or { length }', fraction === undefined ? {} : { fraction, length }));
    if (typeof fraction === 'number' && fraction > 1) throw new RangeError(expected(owner, 'fraction', 'a number from 0 to 1', fraction));
    if (typeof length === 'number' && length !== Infinity && !Number.isInteger(length)) throw new RangeError(expected(owner, 'length', 'an integer >= 0', length));
  },
  update({ gradient }, { fraction, length }) {
    const fixed = fraction ?? length!, byShare = fraction !== undefined;
    const body: CustomFunction = typeof fixed === 'number'
      ? ([entries]: readonly tf.Tensor[]) => [keepLargest(entries!, countOf(fixed, byShare, entries!.size))]
      : ([entries, amount]: readonly tf.Tensor[]) => [keepScheduled(entries!, amount!, byShare)];
    return { gradient: custom(body, typeof fixed === 'number' ? [gradient] : [gradient, fixed], 'each', ['element'])[0]! };
  },
});

/** Far below a whole entry, and far above what rounding makes of a product such as 0.07 · 100. */
const ROUNDING = 1e-9;

const countOf = (amount: number, byShare: boolean, size: number): number => Math.min(size, byShare ? Math.ceil(amount * size * (1 - ROUNDING)) : amount);

function keepLargest(entries: tf.Tensor, count: number): tf.Tensor {
  if (count >= entries.size) return entries;
  if (count === 0) return tf.zerosLike(entries);
  const magnitudes = magnitudesOf(entries);
  return masked(entries, magnitudes, tf.slice(tf.topk(magnitudes, count).values, [count - 1], [1]), tf.scalar(count, 'int32'));
}

/** The same for a number that only the device knows. */
function keepScheduled(entries: tf.Tensor, amount: tf.Tensor, byShare: boolean): tf.Tensor {
  const { size } = entries, magnitudes = magnitudesOf(entries);
  const wanted = byShare ? tf.ceil(tf.mul(tf.sub(amount, 1e-7), size)) : amount;
  const count = tf.cast(tf.maximum(tf.minimum(wanted, size), 0), 'int32');
  const last = tf.reshape(tf.maximum(tf.sub(count, tf.scalar(1, 'int32')), tf.scalar(0, 'int32')), [1]);
  return masked(entries, magnitudes, tf.gather(tf.topk(magnitudes, size).values, last), count);
}

function magnitudesOf(entries: tf.Tensor): tf.Tensor1D {
  const flat = tf.reshape(entries, [-1]);
  return tf.where(tf.isNaN(flat), tf.fill([flat.size], Infinity), tf.abs(flat)) as tf.Tensor1D;
}

/** All entries above the smallest magnitude that stays, and of those equal to it the first ones. */
function masked(entries: tf.Tensor, magnitudes: tf.Tensor1D, smallest: tf.Tensor, count: tf.Tensor): tf.Tensor {
  const above = tf.greater(magnitudes, smallest), equal = tf.equal(magnitudes, smallest);
  const room = tf.sub(count, tf.sum(tf.cast(above, 'int32')));
  const first = tf.lessEqual(tf.cumsum(tf.cast(equal, 'int32')), room);
  const flat = tf.reshape(entries, [-1]);
  return tf.reshape(tf.where(tf.logicalOr(above, tf.logicalAnd(equal, first)), flat, tf.zerosLike(flat)), entries.shape);
}
