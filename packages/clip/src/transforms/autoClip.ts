/** AutoClip: a threshold taken from the history of the gradient's norm. */
import * as tf from '@tensorflow/tfjs-core';
import {
  add, custom, defineTransform, div, expected, fields, finite, floor, min, mul, norm, scaleTo, select, sub,
  type CustomFunction, type Formula, type Threshold,
} from '@clipkit/core';

/** Each step moves the whole window; from so many norms a percentile is known to a tenth of a percent. */
const LONGEST_WINDOW = 100_000;

/**
 * Clips the joint norm at a percentile of all norms seen so far, the current one included; norms between two ranks are interpolated.
 *
 * c = percentile_p(N₁ … Nₜ),  g ← g · min(1, c / N)
 *
 * The paper keeps every norm; this keeps the last `window` ones, in two tensors that are made once. A norm that is not finite
 * in single precision is never remembered (one NaN would poison the paper's version for ever).
 * @param options percentile: p in [0, 100], default 10; window: number of norms, default 10000, at most 100000
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Seetharaman, Wichern, Pardo, Le Roux 2020, "AutoClip", 2007.14469
 */
export const autoClip = defineTransform({
  kind: 'autoClip',
  package: 'clip',
  traits: ['scale'],
  arguments: (options: { percentile?: Threshold; window?: number } = {}) => options,
  options: { percentile: fields.threshold({ default: 10 }), window: fields.count(10_000, LONGEST_WINDOW) },
  check: ({ percentile }, owner) => {
    if (typeof percentile === 'number' && percentile > 100) throw new RangeError(expected(owner, 'percentile', 'a number from 0 to 100', percentile));
  },
  state: ({ window }) => ({
    /** The norms in the order in which they came, the oldest first. */
    history: { extent: 'scalar', init: Infinity, shape: [window] },
    /** The same in rising order; places not yet taken hold Infinity. */
    sorted: { extent: 'scalar', init: Infinity, shape: [window] },
    count: { extent: 'scalar', init: 0 },
  }),
  update({ gradient, state }, { percentile, window }) {
    const length = norm(gradient, 'scalar'), known = min(add(state['count']!, 1), window);
    const rank = mul(div(min(percentile, 100), 100), sub(known, 1)), below = floor(rank), above = min(add(below, 1), sub(known, 1));
    const [lower, upper, history, sorted] = custom(replaceOldest, [length, state['history']!, state['sorted']!, below, above], 'scalar', ['scalar', 'scalar', 'opaque', 'opaque']);
    // A norm that single precision cannot hold is never remembered, so an infinite one among these is the current one.
    const [low, high] = [lower!, upper!].map((each) => select(finite(each), each, length)) as [Formula, Formula];
    const limit = add(low, mul(sub(rank, below), sub(high, low)));
    return {
      gradient: mul(gradient, scaleTo(limit, length)),
      state: { history: history!, sorted: sorted!, count: add(state['count']!, 1) },
    };
  },
});

/** Puts a norm in the oldest one's place and keeps the sorted copy sorted, by shifting: no sort, no index, no read-back. */
const replaceOldest: CustomFunction = ([length, history, sorted, below, above]: readonly tf.Tensor[]) => {
  const last = history!.size - 1;
  // Scalars, since tfjs broadcasts them ten times faster than vectors of one element.
  const oldest = tf.reshape(tf.slice(history!, [0], [1]), []);
  const rest = tf.where(tf.less(sorted!, oldest), sorted!, tf.concat([tf.slice(sorted!, [1], [last]), tf.tensor1d([Infinity])]));
  const shifted = tf.concat([tf.tensor1d([-Infinity]), tf.slice(rest, [0], [last])]);
  const next = tf.minimum(rest, tf.maximum(shifted, length!));
  const at = (rank: tf.Tensor): tf.Tensor => tf.gather(next, tf.cast(rank, 'int32'));
  return [at(below!), at(above!), tf.concat([tf.slice(history!, [1], [last]), tf.reshape(length!, [1])]), next];
};
