/** Small values of the eager backend, a number per step, variable or unit, and the two ways in which they are held. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';

/** How small values are held: `Value` is one of the step or of a variable, or all those of a variable's units. */
export interface SmallValues<Value> {
  number(value: number, mask: boolean): Value;
  /** A small value that is a tensor: of state, or of a custom node. */
  read(tensor: tf.Tensor): Value;
  arithmetic(operation: ArithmeticOperation, args: readonly Value[]): Value;
  /** Over all elements, or per unit of elements that are [rows, units, inner]. */
  reduce(kind: Reduction, elements: tf.Tensor, perUnit: boolean): Value;
  /** Over the units of a variable; what is a single number already is its own sum and maximum. */
  reduceUnits(kind: Reduction, value: Value): Value;
  /** Over the variables. */
  fold(kind: Reduction, parts: readonly Value[]): Value;
  /** The value as tf ops and state take it: units are [units, 1]. */
  tensor(value: Value, mask: boolean): tf.Tensor;
  /** The same, but finite where the value is. */
  boundedTensor(value: Value): tf.Tensor;
  /** x · f, right for every f: single precision may hold the product where it does not hold the factor. */
  times(elements: tf.Tensor, factor: Value): tf.Tensor;
  /** Waits for the device, where the value is there. */
  isTrue(value: Value): boolean;
  /** The same as a tensor, where nobody has to wait for it; null where the host knows it. */
  maskOf(value: Value): tf.Tensor | null;
  isFinite(value: Value): boolean;
}
