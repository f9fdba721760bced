/** The three clippings that Keras has as optimizer arguments; the clip package and every fused optimizer share them. */
import { and, div, gt, lt, max, min, mul, norm, select } from '../formula';
import { expected } from '../errors';
import { isSchedule, valueAt, type Schedule, type Threshold } from '../schedules/schedule';
import { order, threshold, type Field } from '../transform/fields';
import { defineTransform } from '../transform/define';
import { scaleTo } from './scale';

/**
 * Scales all gradients by one factor so that their joint norm is at most maxNorm.
 *
 * g ← g · min(1, c / N), N = ‖g‖ over all variables; with minNorm, 0 < N < minNorm gives g · minNorm / N.
 * A gradient below the threshold is left bit for bit; a non-finite one becomes NaN everywhere.
 * @param maxNorm c ≥ 0, Infinity for no limit
 * @param options ord: which p-norm, p ≥ 1 or Infinity, default 2; minNorm: too small gradients are scaled up to it,
 *   default 0
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks"; Keras
 *   `global_clipnorm`
 */
export const byGlobalNorm = defineTransform({
  kind: 'byGlobalNorm',
  package: 'clip',
  traits: ['limit', 'scale'],
  arguments: (maxNorm: Threshold, options: { ord?: number; minNorm?: Threshold } = {}) => ({ ...options, maxNorm }),
  options: { maxNorm: threshold(), ord: order(), minNorm: threshold({ default: 0 }) },
  update({ gradient }, { maxNorm, ord, minNorm }) {
    const length = norm(gradient, 'scalar', ord);
    const down = scaleTo(maxNorm, length);
    if (minNorm === 0) return { gradient: mul(gradient, down) };
    return { gradient: mul(gradient, select(and(gt(length, 0), lt(length, minNorm)), div(minNorm, length), down)) };
  },
});

/**
 * Scales each variable's gradient so that its own norm is at most maxNorm.
 *
 * gᵢ ← gᵢ · min(1, c / ‖gᵢ‖)
 * @param maxNorm c ≥ 0, Infinity for no limit
 * @param options ord: which p-norm, p ≥ 1 or Infinity, default 2
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Keras `clipnorm`
 */
export const byNorm = defineTransform({
  kind: 'byNorm',
  package: 'clip',
  traits: ['limit', 'scale'],
  arguments: (maxNorm: Threshold, options: { ord?: number } = {}) => ({ ...options, maxNorm }),
  options: { maxNorm: threshold(), ord: order() },
  update: ({ gradient }, { maxNorm, ord }) => ({
    gradient: mul(gradient, scaleTo(maxNorm, norm(gradient, 'each', ord))),
  }),
});

/** What is known before training: a plain function is asked at its steps only. */
const atStart = (bound: Threshold): number =>
  isSchedule(bound) && bound.kind === 'function' ? NaN : valueAt(bound, 0);

type Interval = Threshold | readonly [Threshold, Threshold];

/** A limit, or a pair [min, max] of numbers or schedules of any sign. */
const interval =
  (): Field<number | Schedule | readonly [number | Schedule, number | Schedule]> => (value, owner, name) => {
    if (!Array.isArray(value)) return threshold()(value, owner, name);
    if (value.length !== 2) throw new TypeError(expected(owner, name, 'a number >= 0 or a pair [min, max]', value));
    const [low, high] = value.map((each: unknown) => threshold({ min: -Infinity })(each, owner, name)) as [
      Threshold,
      Threshold,
    ];
    if (atStart(low) > atStart(high)) throw new RangeError(expected(owner, name, 'a pair with min <= max', value));
    return [low, high] as [number | Schedule, number | Schedule];
  };

/**
 * Limits each element; this changes the gradient's direction.
 *
 * g ← min(max(g, low), high), low = −v and high = v for a single limit. A NaN stays NaN.
 * @param limit v ≥ 0, or [low, high]
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Keras `clipvalue`
 */
export const byValue = defineTransform({
  kind: 'byValue',
  package: 'clip',
  traits: ['limit'],
  arguments: (limit: Interval) => ({ limit }),
  options: { limit: interval() },
  update({ gradient }, { limit }) {
    const [low, high] = Array.isArray(limit)
      ? (limit as [number, number])
      : [typeof limit === 'number' ? -limit : null, limit as number];
    return { gradient: max(min(gradient, high), low ?? mul(high, -1)) };
  },
});
