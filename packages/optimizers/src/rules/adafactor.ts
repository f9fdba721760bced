/** Adafactor. */
import * as tf from '@tensorflow/tfjs-core';
import { add, custom, div, fields, max, min, mul, norm, pow, size, sqrt, sub, type CustomFunction, type Formula, type VariableInfo } from '@clipkit/core';
import { buildOptimizer, type CommonOptions, type FusedOptimizer } from '../optimizer';
import { each, nonNegative } from '../parts';
import { defineRule } from '../rule';

export interface AdafactorOptions extends CommonOptions {
  /** c < 0: the averages' decay rate at step t is 1 - t^c. */
  beta2Decay?: number;
  /** Added to each squared gradient. */
  epsilon1?: number;
  /** The least root mean square that a variable is taken to have. */
  epsilon2?: number;
  /** d > 0: the largest root mean square of an update. */
  clipThreshold?: number;
  /** Caps the learning rate at 1 / sqrt(t). */
  relativeStep?: boolean;
}

const isFactored = ({ rank }: VariableInfo): boolean => rank >= 2;
/** A matrix has its squares' means over rows and over columns; a vector has them all. */
const rowShape = (variable: VariableInfo): readonly number[] => (isFactored(variable) ? variable.shape.slice(0, -1) : variable.shape);
const columnShape = (variable: VariableInfo): readonly number[] => (isFactored(variable) ? [...variable.shape.slice(0, -2), variable.shape.at(-1)!] : []);

/** The averages after this gradient, and the gradient divided by the root of what they stand for. */
const factoredStep = (epsilon1: number): CustomFunction => ([gradient, rows, columns, beta]: readonly tf.Tensor[], variable) => {
  const squares = tf.add(tf.square(gradient!), epsilon1), rest = tf.sub(1, beta!);
  const blend = (old: tf.Tensor, now: tf.Tensor): tf.Tensor => tf.add(tf.mul(beta!, old), tf.mul(rest, now));
  if (!isFactored(variable!)) {
    const all = blend(rows!, squares);
    return [tf.div(gradient!, tf.sqrt(all)), all, columns!];
  }
  const nextRows = blend(rows!, tf.mean(squares, -1)), nextColumns = blend(columns!, tf.mean(squares, -2));
  const share = tf.div(nextRows, tf.mean(nextRows, -1, true));
  // Two roots of vectors instead of one of the whole matrix.
  const scale = tf.mul(tf.expandDims(tf.rsqrt(share), -1), tf.expandDims(tf.rsqrt(nextColumns), -2));
  return [tf.mul(gradient!, scale), nextRows, nextColumns];
};

const rms = (x: Formula): Formula => div(norm(x, 'each'), sqrt(size('each')));

const rule = defineRule({
  kind: 'adafactor',
  learningRate: 1e-3,
  options: {
    beta2Decay: fields.number({ below: 0, finite: true, default: -0.8 }), epsilon1: fields.number({ above: 0, finite: true, default: 1e-30 }), epsilon2: nonNegative(1e-3),
    clipThreshold: fields.number({ above: 0, default: 1 }), relativeStep: fields.boolean(true),
  },
  state: { rows: { extent: 'each', init: 0, shape: rowShape }, columns: { extent: 'each', init: 0, shape: columnShape }, count: each },
  step({ gradient, weight, state, rate }, { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep }) {
    const count = add(state['count']!, 1), beta = sub(1, pow(count, beta2Decay));
    const [direction, rows, columns] = custom(factoredStep(epsilon1), [gradient, state['rows']!, state['columns']!, beta], 'each', ['element', 'opaque', 'opaque']) as [Formula, Formula, Formula];
    const capped = relativeStep ? min(rate, div(1, sqrt(count))) : rate;
    const scale = div(mul(capped, max(epsilon2, rms(weight))), max(1, div(rms(direction), clipThreshold)));
    return { step: mul(scale, direction), state: { rows, columns, count } };
  },
});

/**
 * Adafactor: Adam without a first moment, whose second moments are kept as means over rows and columns: almost no memory.
 *
 *     b = 1 - t^c,   R <- b R + (1 - b) rowMean(g^2 + eps1),   C <- b C + (1 - b) columnMean(g^2 + eps1)
 *     u = g / sqrt(R C / mean(R)),   w <- w - min(eta, 1 / sqrt(t)) max(eps2, RMS(w)) u / max(1, RMS(u) / d)
 *
 * Rows and columns are the last two axes, as in Keras; optax takes the two largest, from 128 on. Vectors keep all their squares.
 * What is factored runs as ordinary tf ops: it saves memory, not time.
 * @param options learningRate 1e-3, beta2Decay -0.8, epsilon1 1e-30, epsilon2 1e-3, clipThreshold 1, relativeStep true, and the common options
 * @throws TypeError, RangeError on an option that is unknown or out of its range
 * @see Shazeer, Stern 2018, 1804.04235
 */
export function adafactor(options: AdafactorOptions = {}): FusedOptimizer {
  return buildOptimizer(rule, options);
}
