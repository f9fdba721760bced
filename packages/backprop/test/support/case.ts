/** What a case is: a kernel's inputs and attributes, as tfjs hands them over. */
import type { Attributes, Operands } from './kernels';
import type { Draw } from './random';

export interface Case {
  operands: Operands;
  attributes: Attributes;
}

export const operand = (draw: Draw, shape: number[]): { shape: number[]; values: Float32Array } => ({ shape, values: draw.values(shape) });

/** Bias and activation of a fused kernel. */
export const ends = (draw: Draw, channels: number): Case => {
  const activation = draw.of('linear', 'relu', 'relu6', 'sigmoid', 'elu', 'leakyrelu', 'prelu');
  return {
    operands: {
      ...(draw.next() < 0.7 && { bias: operand(draw, [channels]) }),
      ...(activation === 'prelu' && { preluActivationWeights: operand(draw, [channels]) }),
    },
    attributes: { activation, ...(activation === 'leakyrelu' && { leakyreluAlpha: 0.3 }) },
  };
};
