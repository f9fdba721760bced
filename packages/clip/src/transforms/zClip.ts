/** ZClip: clipping norms that are outliers by their z-score. */
import {
  add, defineTransform, div, fields, gt, lt, max, min, mul, norm, scaleTo, select, sqrt, square, sub,
  type Formula, type Threshold,
} from '@clipkit/core';

/** Added to the deviation, as the paper's code does. */
const EPSILON = 1e-6;
/** The least deviation, as a share of the mean: equal norms in the warm-up would otherwise make any other norm an outlier. */
const LEAST_DEVIATION = 1e-3;

/** A variance of such norms is beyond single precision; once one was their mean, no later norm could be taken in. */
const LARGEST_NORM = 2 ** 64;

/**
 * Clips the joint norm when it is an outlier among the norms before it, and always to maxNorm.
 *
 * z = (N − μ) / (σ + 1e-6);  where z > z*:  c = μ + z* · σ / (z / z*);  then c ← min(c, maxNorm),  g ← g · min(1, c / N)
 *
 * μ and σ² are the mean and variance of the first `warmupSteps` norms, then moving averages with decay α, fed with the norm after
 * the z rule and before maxNorm. In the warm-up only maxNorm acts. σ is taken as at least 1e-3 · μ. A norm that is not
 * finite, or whose square is not in single precision, is never taken in.
 * @param options z: z* ≥ 0, default 2.5; decay: α in [0, 1), default 0.97; warmupSteps: default 25; maxNorm: default 1, Infinity for none
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Kumar, Owen, Chowdhury, Güra 2025, "ZClip", 2504.02507
 */
export const zClip = defineTransform({
  kind: 'zClip',
  package: 'clip',
  traits: ['limit', 'scale'],
  arguments: (options: { z?: Threshold; decay?: number; warmupSteps?: number; maxNorm?: Threshold } = {}) => options,
  options: { z: fields.threshold({ default: 2.5 }), decay: fields.number({ min: 0, below: 1, default: 0.97 }), warmupSteps: fields.count(25), maxNorm: fields.threshold({ default: 1 }) },
  state: { mean: { extent: 'scalar', init: 0 }, variance: { extent: 'scalar', init: 0 }, count: { extent: 'scalar', init: 0 } },
  update({ gradient, state }, { z, decay, warmupSteps, maxNorm }) {
    const { mean, variance, count } = state as Record<'mean' | 'variance' | 'count', Formula>;
    const length = norm(gradient, 'scalar'), warm = lt(count, warmupSteps), counted = add(count, 1);

    const deviation = max(sqrt(variance), mul(LEAST_DEVIATION, mean));
    const score = div(sub(length, mean), add(deviation, EPSILON));
    const outlier = add(mean, div(mul(mul(z, z), deviation), score));
    const fed = select(gt(score, z), outlier, length);

    // Welford's way: the plain mean and variance of the norms so far.
    const warmMean = add(mean, div(sub(length, mean), counted));
    const warmVariance = add(variance, div(sub(mul(sub(length, mean), sub(length, warmMean)), variance), counted));
    const nextMean = add(mul(decay, mean), mul(1 - decay, fed));
    const nextVariance = add(mul(decay, variance), mul(1 - decay, square(sub(fed, nextMean))));
    return {
      gradient: mul(gradient, scaleTo(select(warm, maxNorm, min(fed, maxNorm)), length)),
      state: {
        mean: select(warm, warmMean, nextMean),
        variance: select(warm, warmVariance, nextVariance),
        // A count that is not finite makes the guard refuse the whole new state.
        count: select(lt(length, LARGEST_NORM), counted, NaN),
      },
    };
  },
});
