/** Muon. */
import * as tf from '@tensorflow/tfjs-core';
import { add, choose, custom, defineTransform, fields, matching, mul, type CustomFunction, type Formula, type Pattern, type VariablePredicate } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { decayRate, element, nonNegative } from '../parts';
import { defineRule, sharedFields, type Rule } from '../rule';
import { adamRule } from './adam';

export interface MuonOptions extends CommonOptions {
  /** mu >= 0. */
  momentum?: number;
  nesterov?: boolean;
  /** Newton-Schulz iterations, at most 100. */
  iterations?: number;
  /** The update's root mean square, as a share of the learning rate. */
  rmsRate?: number;
  /** Matrices that Adam updates: names, RegExps, or a list of both. Give the output layer's name too. */
  exclude?: Pattern;
  /** Adam's options, for all that is no matrix or is excluded. */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Coefficients of a quintic that drives singular values towards 1 and is steep at zero [Jordan 2024]. */
const A = 3.4445, B = -4.775, C = 2.0315;

/** U S V' to U S' V' with S' near 1, times the root of the longer side, so that its root mean square is about 1. */
const orthogonalize = (iterations: number): CustomFunction => ([matrix]: readonly tf.Tensor2D[]) => {
  const [rows, columns] = matrix!.shape, tall = rows > columns;
  let x: tf.Tensor2D = tall ? tf.transpose(matrix!) : matrix!;
  x = tf.div(x, tf.add(tf.norm(x), 1e-7));
  for (let iteration = 0; iteration < iterations; iteration++) {
    const square = tf.matMul(x, x, false, true);
    x = tf.add(tf.mul(A, x), tf.matMul(tf.add(tf.mul(B, square), tf.mul(C, tf.matMul(square, square))), x));
  }
  return [tf.mul(tall ? tf.transpose(x) : x, Math.sqrt(Math.max(rows, columns)))];
};

/** Singular values are near 1 after five; more only take time. */
const MOST_ITERATIONS = 100;

const matrixOptions = { momentum: nonNegative(0.95), nesterov: fields.boolean(true), iterations: fields.count(5, MOST_ITERATIONS), rmsRate: nonNegative(0.2) };

const matrices = defineRule({
  kind: 'muonMatrices',
  learningRate: 1e-3,
  options: matrixOptions,
  state: { velocity: element },
  step({ gradient, state, rate }, { momentum, nesterov, iterations, rmsRate }) {
    const velocity = add(mul(momentum, state['velocity']!), gradient);
    const [direction] = custom(orthogonalize(iterations), [nesterov ? add(gradient, mul(momentum, velocity)) : velocity], 'each', ['element']) as [Formula];
    return { step: mul(mul(rate, rmsRate), direction), state: { velocity } };
  },
});

const adamOptions = { beta1: decayRate(0.9), beta2: decayRate(0.999), epsilon: nonNegative(1e-7) };
const all = { ...sharedFields(1e-3, 0.004), ...matrixOptions, exclude: fields.pattern(/embedding/i), ...adamOptions };

const make = defineTransform({
  kind: 'muon',
  package: 'optimizers',
  stage: 'rule',
  arguments: (options: object) => options,
  options: all,
  traits: ['scaleFree'],
  update({ apply }, { exclude, momentum, nesterov, iterations, rmsRate, beta1, beta2, epsilon, ...common }) {
    const excluded = matching(exclude);
    const isMatrix: VariablePredicate = (variable) => variable.rank === 2 && !excluded(variable);
    const orthogonal = apply(matrices.make({ momentum, nesterov, iterations, rmsRate, ...common }), 'matrices', {}, isMatrix);
    const rest = apply(adamRule.make({ beta1, beta2, epsilon, ...common }), 'rest', {}, (variable) => !isMatrix(variable));
    return { weight: choose((variable) => (isMatrix(variable) ? 0 : 1), [orthogonal.weight, rest.weight]) };
  },
});
const rule: Rule = { kind: 'muon', fields: all, make };

/**
 * Muon: momentum whose matrices are made orthogonal, so that every direction of a layer learns; Adam for all other variables.
 *
 *     u <- mu u + g,   d = u, or with nesterov g + mu u
 *     X = d / |d|,   five times X <- a X + (b X X' + c (X X')^2) X,   w <- w - eta (rho sqrt(max(rows, columns)) X + lambda w)
 *
 * As in Keras: variables of rank 2 that `exclude` does not name are matrices, and rho = rmsRate makes a step as large as
 * Adam's [Liu et al. 2025]. Adam's epsilon stands as in `adam`. torch iterates in bfloat16; optax averages the gradient and
 * corrects its bias, which differs with nesterov only. Clipping before it does next to nothing: it normalises itself.
 * Products of matrices run as ordinary tf ops.
 * @param options learningRate 1e-3, weightDecay 0.004, momentum 0.95, nesterov true, iterations 5, rmsRate 0.2, exclude /embedding/i,
 * beta1 0.9, beta2 0.999, epsilon 1e-7, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Jordan et al. 2024, "Muon: an optimizer for hidden layers"; Liu et al. 2025, 2502.16982
 */
export function muon(options: MuonOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
