/** Gradient centralization. */
import { choose, defineTransform, mean, sub } from '@clipkit/core';

/**
 * Subtracts from each output unit's gradient its mean, so that the weights into a unit keep their sum.
 *
 * G ← G − mean(G) over all axes but the output units', for kernels; vectors and scalars (biases, gains) are left alone
 * @throws TypeError when arguments are given
 * @see Yong, Huang, Hua, Zhang 2020, "Gradient Centralization", 2004.01461
 */
export const centralizeGradients = defineTransform({
  kind: 'centralizeGradients',
  package: 'clip',
  arguments: () => ({}),
  options: {},
  update: ({ gradient }) => ({ gradient: choose((variable) => Number(variable.rank >= 2), [gradient, sub(gradient, mean(gradient, 'unit'))]) }),
});
