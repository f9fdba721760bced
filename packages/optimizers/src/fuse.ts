/** fuse(): from tfjs's own optimizers to their fused equals, in the middle of training. */
import * as tf from '@tensorflow/tfjs-core';
import { ClipkitOptimizer, expected, fields, isStock, readLearningRate, stockSlots, stockVariables } from '@clipkit/core';
import type { CommonOptions, FusedOptimizer } from './optimizer';
import { adadelta } from './rules/adadelta';
import { adagrad } from './rules/adagrad';
import { adam } from './rules/adam';
import { adamax } from './rules/adamax';
import { momentum } from './rules/momentum';
import { rmsprop } from './rules/rmsprop';
import { sgd } from './rules/sgd';

interface Counterpart {
  make(config: Readonly<Record<string, never>>, options: CommonOptions): FusedOptimizer;
  /** Our names of state to tfjs's fields. */
  readonly slots: Readonly<Record<string, string>>;
  /** What tfjs derives from its options and the number of steps. */
  numbers?(config: Readonly<Record<string, number>>, iterations: number): Record<string, number>;
}

/** By class name: tfjs's instanceof goes by shape, so an Adam would pass for an SGD. */
const COUNTERPARTS: Readonly<Record<string, Counterpart>> = {
  SGD: { make: (_, options) => sgd(options), slots: {} },
  Momentum: {
    make: ({ momentum: mu, useNesterov }, options) => momentum({ momentum: mu, nesterov: useNesterov, ...options }),
    slots: { velocity: 'accumulations' },
  },
  Adagrad: {
    make: ({ initialAccumulatorValue }, options) =>
      adagrad({ initialAccumulatorValue, epsilon: tf.backend().epsilon(), ...options }),
    slots: { accumulator: 'accumulatedGrads' },
  },
  Adadelta: {
    make: ({ rho, epsilon }, options) => adadelta({ rho, epsilon, ...options }),
    slots: { meanSquare: 'accumulatedGrads', meanSquaredStep: 'accumulatedUpdates' },
  },
  RMSProp: {
    make: ({ decay, momentum: mu, epsilon, centered }, options) =>
      rmsprop({ decay, momentum: mu, epsilon, centered, ...options }),
    slots: { meanSquare: 'accumulatedMeanSquares', velocity: 'accumulatedMoments', mean: 'accumulatedMeanGrads' },
  },
  Adam: {
    make: ({ beta1, beta2, epsilon }, options) => adam({ beta1, beta2, epsilon, ...options }),
    slots: { firstMoment: 'accumulatedFirstMoment', secondMoment: 'accumulatedSecondMoment' },
    numbers: ({ beta1, beta2 }, iterations) => ({
      firstCorrection: 1 - beta1! ** iterations,
      secondCorrection: 1 - beta2! ** iterations,
    }),
  },
  Adamax: {
    make: ({ beta1, beta2, epsilon, decay }, options) => adamax({ beta1, beta2, epsilon, decay, ...options }),
    slots: { firstMoment: 'accumulatedFirstMoment', infinityNorm: 'accumulatedWeightedInfNorm' },
    numbers: ({ beta1 }, iterations) => ({ firstCorrection: 1 - beta1! ** iterations }),
  },
};

/**
 * Turns one of tfjs's own optimizers into its fused equal, which goes on where that one stands.
 *
 * The state is copied, and bound to variables at the first step: give it the gradients of the same variables in the
 * same order, as compiling the same model with it does. The stock optimizer stays as it was; dispose it when it is no
 * longer needed.
 * @param stock what tf.train.sgd, momentum, adagrad, adadelta, rmsprop, adam or adamax made, or `model.optimizer` after
 *   loading
 * @param options the common options, such as globalClipnorm; a learningRate here replaces the stock optimizer's
 * @throws TypeError, RangeError when the optimizer is not one of tfjs's own or its state is disposed, when its learning
 *   rate is no number >= 0 and the options have none, or when an option is unknown or out of its range
 * @example
 * model.compile({ optimizer: fuse(model.optimizer), loss: model.loss });
 */
export function fuse(stock: tf.Optimizer, options: CommonOptions = {}): FusedOptimizer {
  const owner = '[optimizers] fuse';
  const name = stock?.getClassName?.();
  if (name === ClipkitOptimizer.className)
    throw new TypeError(
      `${owner}: the optimizer is one of clipkit's already; fuse the stock optimizer first, then clip it`,
    );
  if (!name || !isStock(stock) || !Object.hasOwn(COUNTERPARTS, name))
    throw new TypeError(
      expected(owner, 'stock', `one of tfjs's own optimizers (${Object.keys(COUNTERPARTS).join(', ')})`, name ?? stock),
    );
  const { make, slots, numbers } = COUNTERPARTS[name]!;
  const given = Object.fromEntries(
    Object.entries(fields.plainObject(owner, options)).filter(([, value]) => value !== undefined),
  ) as CommonOptions;
  const config = stock.getConfig() as Readonly<Record<string, never>>;
  const { iterations } = stock;
  const fused = make(config, { ...given, learningRate: given.learningRate ?? rateOf(owner, stock) });
  const remembered = Object.entries(slots).filter(([own]) => Object.hasOwn(fused.options.rule!.state, own));
  const tensors = Object.fromEntries(remembered.map(([own, field]) => [own, stockSlots(stock, field)]));
  for (const [own, list] of Object.entries(tensors)) {
    if (list.some((tensor) => tensor?.isDisposed))
      throw new RangeError(`${owner}: the stock optimizer's ${slots[own]} are disposed; fuse first, then dispose it`);
  }
  fused.adopt({ iterations, variables: stockVariables(stock), tensors, numbers: numbers?.(config, iterations) ?? {} });
  return fused;
}

/** The stock optimizer's learning rate, which tfjs takes as it comes: a missing one would fall back on our default. */
function rateOf(owner: string, stock: tf.Optimizer): number {
  const rate: unknown = readLearningRate(stock);
  if (typeof rate === 'number' && rate >= 0) return rate;
  const message =
    expected(owner, "the stock optimizer's learningRate", 'a number >= 0', rate) +
    '; pass one, or a schedule, as fuse(stock, { learningRate })';
  throw typeof rate === 'number' ? new RangeError(message) : new TypeError(message);
}
