/** The moving average of the weights, which swapAveragedWeights() puts in their place. */
import { add, eq, mul, select, sub } from '../formula';
import { number } from '../transform/fields';
import { defineTransform } from '../transform/define';

/**
 * Keeps an exponential average of the updated weights; it changes nothing by itself.
 *
 * a <- mu a + (1 - mu) w; after a variable's first step a = w, as in Keras's `use_ema`.
 * @param momentum mu in [0, 1)
 * @throws TypeError, RangeError when momentum is none
 */
export const averageWeights = defineTransform({
  kind: 'averageWeights',
  package: 'optimizers',
  stage: 'weight',
  arguments: (momentum: number) => ({ momentum }),
  options: { momentum: number({ min: 0, below: 1 }) },
  state: { average: { extent: 'element', init: 'weight' }, started: { extent: 'each', init: 0 } },
  guarded: false,
  update({ weight, state }, { momentum }) {
    const kept = select(eq(state['started']!, 0), 0, momentum);
    return { state: { average: add(mul(kept, state['average']!), mul(sub(1, kept), weight)), started: 1 } };
  },
});
