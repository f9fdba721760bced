/** Stochastic gradient descent with momentum by default. */
import { buildOptimizer, type FusedOptimizer } from '../optimizer';
import { descentRule, type SgdOptions } from './sgd';

const rule = descentRule('momentum', 0.9);

/**
 * Gradient descent with momentum: `sgd` with another default.
 *
 *     u <- mu u + g,   w <- w - eta u,   or with nesterov   w <- w - eta (g + mu u)
 * @param options learningRate 0.01, momentum 0.9 (tf.train.momentum has no defaults), nesterov false, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see tf.train.momentum; Polyak 1964; Sutskever et al. 2013
 */
export function momentum(options: SgdOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
