/**
 * Small values as tensors on a device, where looking at one would stall it. Norms leave single precision on both sides,
 * so a value is a pair m · s with s a power of two: norms, and what is made of them, reach from 1e-45 to 1e57.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import { isExtreme, LARGEST_SINGLE, SMALLEST_NORMAL } from '../../formula/single';
import { EAGER } from './operations';
import type { SmallValues } from './small';

interface Value {
  readonly m: tf.Tensor;
  /** 2⁻⁶⁴, 1 or 2⁶⁴; null for 1. */
  readonly s: tf.Tensor | null;
}

const LARGE = 2 ** 32;
const SMALL = 2 ** -32;
const UP = 2 ** 64;
const DOWN = 2 ** -64;
/** Below this a device may flush what is divided by it. */
const LEAST_DIVISOR = 1e-37;

const plain = (m: tf.Tensor): Value => ({ m, s: null });
/** The value as one tensor, which overflows where single precision does. */
const joined = ({ m, s }: Value): tf.Tensor => (s ? tf.mul(m, s) : m);

export const device: SmallValues<Value> = {
  number(value, mask) {
    if (mask) return plain(tf.scalar(value !== 0, 'bool'));
    if (!isExtreme(value)) return plain(tf.scalar(value));
    const s = Math.abs(value) > 1 ? UP : DOWN;
    return { m: tf.scalar(value / s), s: tf.scalar(s) };
  },
  read: plain,

  arithmetic(operation, args) {
    const [a, b, c] = args as [Value, Value, Value];
    if (args.every(({ s }) => !s)) return plain(EAGER[operation](...args.map(({ m }) => m)));
    switch (operation) {
      case 'abs':
      case 'neg':
        return { m: EAGER[operation](a.m), s: a.s };
      case 'finite':
        return plain(tf.isFinite(a.m));
      case 'sqrt':
        return plain(tf.mul(tf.sqrt(a.m), tf.sqrt(a.s!)));
      case 'mul':
        return product(tf.mul(a.m, b.m), a.s, b.s);
      case 'div':
        return product(tf.div(a.m, b.m), a.s, b.s && tf.div(1, b.s));
      case 'select':
        return { m: tf.where(a.m, b.m, c.m), s: tf.where(a.m, b.s ?? tf.scalar(1), c.s ?? tf.scalar(1)) };
      default:
        return SCALED.has(operation) ? onOneScale(operation, a, b) : plain(EAGER[operation](...args.map(joined)));
    }
  },

  reduce: (kind, elements, perUnit) =>
    perUnit ? perUnitOf(reduceElements(kind, elements, [0, 2])) : reduceElements(kind, elements),
  reduceUnits: (kind, value) =>
    value.m.rank > 0 ? reduceValues(kind, value) : kind === 'norm' ? device.arithmetic('abs', [value]) : value,
  fold(kind, parts) {
    if (!parts.length) return device.number(kind === 'max' ? -Infinity : 0, false);
    const stack = (tensors: tf.Tensor[]): tf.Tensor => tf.stack(tensors.map((each) => tf.reshape(each, [])));
    return reduceValues(kind, {
      m: stack(parts.map(({ m }) => m)),
      s: parts.some(({ s }) => s) ? stack(parts.map(({ s }) => s ?? tf.scalar(1))) : null,
    });
  },

  tensor: joined,
  boundedTensor: (value) =>
    value.s ? tf.where(tf.isFinite(value.m), tf.minimum(joined(value), LARGEST_SINGLE), value.m) : value.m,
  times(elements, { m, s }) {
    if (!s) return tf.mul(elements, m);
    // A factor that is ordinary as a whole is not taken apart: by 2⁻⁶⁴ a small element would vanish.
    const whole = tf.mul(m, s);
    const size = tf.abs(whole);
    const fits = tf.logicalOr(tf.logicalAnd(tf.greaterEqual(size, SMALLEST_NORMAL), tf.isFinite(whole)), tf.equal(m, 0));
    return tf.mul(tf.mul(elements, tf.where(fits, whole, s)), tf.where(fits, tf.onesLike(m), m));
  },
  isTrue: (value) => value.m.dataSync()[0] !== 0,
  maskOf: ({ m }) => m,
  isFinite: (value) => tf.isFinite(value.m).dataSync()[0] !== 0,
};

/** Operations that mean the same on any common scale; sums and extremes keep it, comparisons have none. */
const SCALED: ReadonlySet<ArithmeticOperation> = new Set(['add', 'sub', 'min', 'max', 'lt', 'le', 'gt', 'ge', 'eq']);
const KEEPING: ReadonlySet<ArithmeticOperation> = new Set(['add', 'sub', 'min', 'max']);

function onOneScale(operation: ArithmeticOperation, a: Value, b: Value): Value {
  const s = tf.maximum(a.s ?? 1, b.s ?? 1);
  const result = EAGER[operation](...[a, b].map((each) => tf.mul(each.m, tf.div(each.s ?? 1, s))));
  return KEEPING.has(operation) ? { m: result, s } : plain(result);
}

/** m · s · t. Of two large or two small scales the product leaves single precision: m takes the rest. */
function product(m: tf.Tensor, s: tf.Tensor | null, t: tf.Tensor | null): Value {
  if (!s || !t) return { m, s: s ?? t };
  const both = tf.minimum(tf.maximum(tf.mul(s, t), DOWN), UP);
  return { m: tf.mul(m, tf.mul(tf.div(s, both), t)), s: both };
}

/** The scale for numbers of this size. */
const scaleFor = (size: tf.Tensor): tf.Tensor =>
  tf.where(tf.greater(size, LARGE), tf.scalar(UP), tf.where(tf.less(size, SMALL), tf.scalar(DOWN), tf.scalar(1)));

function reduceElements(kind: Reduction, x: tf.Tensor, axes?: number[]): Value {
  if (kind === 'max') {
    const largest = maximum(x, axes);
    const s = scaleFor(tf.abs(largest));
    return { m: tf.mul(largest, tf.div(1, s)), s };
  }
  // Divided by the largest element nothing overflows, and nothing that counts vanishes. Inf / Inf is NaN: not finite,
  // which is all that is asked of the norm of what holds an infinity.
  const divisor = tf.maximum(tf.max(tf.abs(x), axes, true), LEAST_DIVISOR);
  const ratio = tf.div(x, divisor);
  const s = scaleFor(divisor);
  const total = kind === 'sum' ? tf.sum(ratio, axes, true) : tf.sqrt(tf.sum(tf.square(ratio), axes, true));
  const kept = axes ? divisor.shape : [];
  return { m: tf.reshape(tf.mul(tf.mul(divisor, tf.div(1, s)), total), kept), s: tf.reshape(s, kept) };
}

/** Over a vector of values. */
function reduceValues(kind: Reduction, { m, s }: Value): Value {
  if (!s) return kind === 'norm' ? reduceElements(kind, m) : plain(kind === 'sum' ? tf.sum(m) : maximum(m));
  const common = tf.max(s);
  const values = tf.mul(m, tf.div(s, common));
  return {
    m: kind === 'sum' ? tf.sum(values) : kind === 'max' ? maximum(values) : joined(reduceElements('norm', values)),
    s: common,
  };
}

/** Some backends' maximum overlooks NaN. */
const maximum = (x: tf.Tensor, axes?: number[]): tf.Tensor =>
  tf.where(tf.any(tf.isNaN(x), axes, axes !== undefined), tf.scalar(NaN), tf.max(x, axes, axes !== undefined));

const perUnitOf = ({ m, s }: Value): Value => ({ m: tf.reshape(m, [-1, 1]), s: s && tf.reshape(s, [-1, 1]) });
