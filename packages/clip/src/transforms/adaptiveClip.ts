/** Adaptive gradient clipping (AGC): unit by unit, against the weights' own size. */
import { choose, defineTransform, div, fields, finite, gt, matching, max, mul, norm, select, type Pattern, type Threshold } from '@clipkit/core';
import { showPattern } from './showPattern';

/** Below this a gradient's norm is taken as this, as the paper's code does. */
const SMALLEST_NORM = 1e-6;

/**
 * Limits each output unit's gradient to a share of the norm of the unit's weights.
 *
 * M = λ · max(‖W‖, floor);  where ‖G‖ > M:  G ← G · M / max(‖G‖, 1e-6), norms per output unit
 *
 * A unit's norm runs over all axes of a kernel but the last (a depthwise kernel keeps its last two); a vector or scalar is one
 * unit. Without the floor, weights that start at zero would never move. NFNets leave out the classifier's last layer.
 * @param options clipping: λ ≥ 0, default 0.01; floor: default 1e-3; exclude: names or RegExps of variables to leave alone
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Brock, De, Smith, Simonyan 2021, "High-performance large-scale image recognition without normalization", 2102.06171
 */
export const adaptiveClip = defineTransform({
  kind: 'adaptiveClip',
  package: 'clip',
  arguments: (options: { clipping?: Threshold; floor?: number; exclude?: Pattern } = {}) => options,
  options: { clipping: fields.threshold({ default: 0.01 }), floor: fields.number({ min: 0, finite: true, default: 1e-3 }), exclude: fields.pattern([]) },
  remarks: (variables, { exclude }) => {
    const none = Array.isArray(exclude) && exclude.length === 0;
    return none || variables.some(matching(exclude)) ? [] : [`exclude: ${showPattern(exclude)} matches none of the variables that have gradients`];
  },
  update({ gradient, weight }, { clipping, floor, exclude }) {
    const excluded = matching(exclude);
    const limit = mul(clipping, max(norm(weight, 'unit'), floor)), length = norm(gradient, 'unit');
    const scale = select(gt(length, limit), div(limit, max(length, SMALLEST_NORM)), 1);
    return { gradient: choose((variable) => Number(excluded(variable)), [mul(gradient, select(finite(length), scale, NaN)), gradient]) };
  },
});
