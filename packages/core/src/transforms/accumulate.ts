/** Gradient accumulation, shared by clip's accumulateGradients() and the optimizers' gradientAccumulationSteps. */
import { add, div, gt, max, mul, select } from '../formula';
import { count } from '../transform/fields';
import { defineTransform } from '../transform/define';
import { type Outcome } from '../transform/transform';

/**
 * Collects n micro-batches and lets what follows see their mean, once every n calls. Between, no variable moves.
 *
 * G ← G + g, k ← k + 1 on each call; on each n-th g ← G / k, G ← 0, k ← 0.
 * Under `nonFinite: 'skip'` a non-finite micro-batch is left out of sum and count; if all of them were, there is no step.
 * Put it before what clips: the mean is what shall be clipped. It stands at the top of a chain only.
 * @param n micro-batches per step, an integer ≥ 1
 * @throws TypeError, RangeError when n is none
 */
export const accumulateGradients = defineTransform({
  kind: 'accumulateGradients',
  package: 'clip',
  arguments: (n: number) => ({ n }),
  options: { n: count() },
  period: ({ n }) => n,
  state: { total: { extent: 'element', init: 0 }, collected: { extent: 'scalar', init: 0 } },
  guarded: false,
  gated: false,
  update({ gradient, valid, state, release }, { n }): Outcome {
    // Sums of large gradients overflow single precision where their mean does not; a power of two costs no digit.
    const share = 2 ** -Math.ceil(Math.log2(n));
    const total = add(state['total']!, mul(select(valid, gradient, 0), share));
    const collected = add(state['collected']!, select(valid, 1, 0));
    if (!release) return { halt: true, state: { total, collected } };
    const emptied = { total: 0, collected: 0 };
    // Where no micro-batch can drop out, there is no need to ask whether one is left.
    if (valid.operation === 'const') return { gradient: div(total, n * share), state: emptied };
    return { gradient: div(total, mul(max(collected, 1), share)), valid: gt(collected, 0), state: emptied };
  },
});
