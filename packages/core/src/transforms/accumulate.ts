/** Gradient accumulation, shared by clip's accumulateGradients() and the optimizers' gradientAccumulationSteps. */
import { add, div, gt, max, maximum, mul, select } from '../formula';
import { count } from '../transform/fields';
import { defineTransform } from '../transform/define';
import { type Outcome } from '../transform/transform';

/** Sums of large gradients overflow single precision where their mean does not; a power of two costs no digit. */
export const shareOf = (n: number): number => 2 ** -Math.ceil(Math.log2(n));

/**
 * Collects n micro-batches and lets what follows see their mean, once every n calls. Between, no variable moves.
 *
 * G ← G + g, k ← k + 1 on each call; on each n-th g ← G / n, G ← 0, k ← 0.
 * Variables that stand in one list, or in lists that share one of them, make a step together; two models that share
 * an optimizer and come by turns collect n calls each. A variable without a gradient on the n-th call keeps its sum
 * for the next step.
 * Under `nonFinite: 'skip'` a non-finite micro-batch is left out: g ← G / k; if all of them were, there is no step.
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
  state: { total: { extent: 'element', init: 0 }, collected: { extent: 'each', init: 0 } },
  guarded: false,
  gated: false,
  update({ gradient, valid, state, release }, { n }): Outcome {
    const share = shareOf(n);
    const total = add(state['total']!, mul(select(valid, gradient, 0), share));
    const collected = add(state['collected']!, select(valid, 1, 0));
    if (!release) return { halt: true, state: { total, collected } };
    const emptied = { total: 0, collected: 0 };
    // Where no micro-batch can drop out, there is no need to ask whether one is left.
    if (valid.operation === 'const') return { gradient: div(total, n * share), state: emptied };
    const gradientMean = div(total, mul(max(collected, 1), share));
    return { gradient: gradientMean, valid: gt(maximum(collected, 'scalar'), 0), state: emptied };
  },
});
