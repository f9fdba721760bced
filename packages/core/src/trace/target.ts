/** A variable that a step works on, with the gradient of this step. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { VariableInfo } from '../formula/formula';

export interface Target extends VariableInfo {
  /** The live variable; null where only a gradient is given. */
  readonly variable: Variable | null;
  /** This step's gradient, set anew each step. It belongs to the caller. */
  gradient: Tensor;
}

