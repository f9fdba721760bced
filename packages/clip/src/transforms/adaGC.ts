/** AdaGC: each variable against its own moving norm. */
import { add, defineTransform, eq, fields, finite, lt, mul, norm, or, scaleTo, select, type Formula, type Threshold } from '@clipkit/core';

/**
 * Clips each variable's gradient to a multiple of the moving average of its own clipped norms.
 *
 * Warm-up: ĝ = g · min(1, λ_abs / N), γᵢ ← min(γᵢ, ‖ĝᵢ‖).
 * After it: hᵢ = min(1, λ_rel · γᵢ / ‖gᵢ‖), gᵢ ← hᵢ gᵢ, γᵢ ← β γᵢ + (1 − β) ‖hᵢ gᵢ‖.
 *
 * A variable that first appears later has its own first step treated as one of the warm-up. A norm that is zero or not finite
 * never enters γ: a single zero in the warm-up would freeze the paper's γ, and with it the variable, for ever.
 * @param options relative: λ_rel, default 1.05; absolute: λ_abs, default 1; decay: β in [0, 1), default 0.98; warmupSteps: default 100
 * @throws TypeError, RangeError on an option that is out of its range
 * @see Wang et al. 2025, "AdaGC", 2502.11034
 */
export const adaGC = defineTransform({
  kind: 'adaGC',
  package: 'clip',
  traits: ['limit', 'scale'],
  arguments: (options: { relative?: Threshold; absolute?: Threshold; decay?: number; warmupSteps?: number } = {}) => options,
  options: { relative: fields.threshold({ default: 1.05 }), absolute: fields.threshold({ default: 1 }), decay: fields.number({ min: 0, below: 1, default: 0.98 }), warmupSteps: fields.count(100) },
  state: {
    /** γ; 0 means that no norm was seen yet. */
    usual: { extent: 'each', init: 0 },
    count: { extent: 'scalar', init: 0 },
  },
  update({ gradient, state }, { relative, absolute, decay, warmupSteps }) {
    const { usual, count } = state as Record<'usual' | 'count', Formula>;
    const own = norm(gradient, 'each'), all = norm(gradient, 'scalar'), unseen = eq(usual, 0);
    const warm = or(lt(count, warmupSteps), unseen);
    const scale = select(warm, scaleTo(absolute, all), scaleTo(mul(relative, usual), own)), clipped = mul(scale, own);
    const smaller = select(or(unseen, lt(clipped, usual)), clipped, usual);
    const moved = add(mul(decay, usual), mul(1 - decay, clipped));
    // A NaN has to reach the guard, so only a zero is held back here.
    const next = select(eq(clipped, 0), usual, select(warm, smaller, moved));
    return { gradient: mul(gradient, scale), state: { usual: next, count: add(count, select(finite(all), 1, 0)) } };
  },
});
