/** Small values as doubles, where tensors are in the host's memory and looking at one waits for nothing. */
import * as tf from '@tensorflow/tfjs-core';
import { accumulate, finish, fold, startOf } from '../../formula/fold';
import { apply, type ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import { bounded, isExtreme, part, PARTS } from '../../formula/single';
import type { SmallValues } from './small';

/** One number, or one per unit. */
type Value = number | Float64Array;

export const host: SmallValues<Value> = {
  number: (value) => value,
  read: (tensor) => tensor.dataSync()[0]!,

  arithmetic(operation: ArithmeticOperation, args) {
    const units = args.find((each) => typeof each !== 'number') as Float64Array | undefined;
    if (!units) return apply(operation, args as readonly number[]);
    return units.map((_, unit) =>
      apply(
        operation,
        args.map((each) => (typeof each === 'number' ? each : each[unit]!)),
      ),
    );
  },

  reduce: (kind, elements, perUnit) => (perUnit ? reducePerUnit(kind, elements) : fold(kind, elements.dataSync())),
  reduceUnits: (kind, value) =>
    typeof value !== 'number' ? fold(kind, value) : kind === 'norm' ? Math.abs(value) : value,
  fold: (kind, parts) => fold(kind, parts as readonly number[]),

  tensor(value, mask) {
    if (typeof value === 'number') return mask ? tf.scalar(value !== 0, 'bool') : tf.scalar(value);
    return mask
      ? tf.tensor2d(Uint8Array.from(value), [value.length, 1], 'bool')
      : tf.tensor2d(Float32Array.from(value), [value.length, 1]);
  },
  boundedTensor: (value) => tf.scalar(bounded(value as number)),

  times(elements, factor) {
    const extreme = typeof factor === 'number' ? isExtreme(factor) : factor.some(isExtreme);
    if (!extreme) return tf.mul(elements, host.tensor(factor, false));
    let product = elements;
    for (let index = 0; index < PARTS; index++) {
      product = tf.mul(
        product,
        host.tensor(typeof factor === 'number' ? part(factor, index) : factor.map((each) => part(each, index)), false),
      );
    }
    return product;
  },

  isTrue: (value) => value !== 0,
  maskOf: () => null,
  isFinite: (value) => Number.isFinite(value),
};

function reducePerUnit(kind: Reduction, elements: tf.Tensor): Float64Array {
  const [rows, units, inner] = elements.shape as [number, number, number];
  const values = elements.dataSync();
  const totals = new Float64Array(units).fill(startOf(kind));
  for (let row = 0, at = 0; row < rows; row++) {
    for (let unit = 0; unit < units; unit++) {
      for (let k = 0; k < inner; k++, at++) totals[unit] = accumulate(kind, totals[unit]!, values[at]!);
    }
  }
  return totals.map((total) => finish(kind, total));
}
