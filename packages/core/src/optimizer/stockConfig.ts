/** What tfjs's own optimizers must have in their configuration: tfjs takes anything, and then never trains. */
import { boolean, checkOptions, number, type Fields } from '../transform/fields';

const learningRate = number({ min: 0, finite: true });
const share = number({ min: 0, below: 1 });
const size = number({ min: 0, finite: true });

/** By class name. */
const CONFIGS: Readonly<Record<string, Fields>> = {
  SGD: { learningRate },
  Momentum: { learningRate, momentum: size, useNesterov: boolean(false) },
  Adagrad: { learningRate, initialAccumulatorValue: size },
  Adadelta: { learningRate, rho: share, epsilon: size },
  RMSProp: { learningRate, decay: share, momentum: size, epsilon: size, centered: boolean(false) },
  Adam: { learningRate, beta1: share, beta2: share, epsilon: size },
  Adamax: { learningRate, beta1: share, beta2: share, epsilon: size, decay: size },
};

export const isStockClass = (className: string): boolean => Object.hasOwn(CONFIGS, className);

/** Checks the configuration of one of tfjs's own optimizers; `place` is where it stands. */
export function checkStockConfig(className: string, config: unknown, place: string): void {
  checkOptions(`${place}.`, CONFIGS[className]!, config);
}
