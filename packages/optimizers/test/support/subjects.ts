/** Every optimizer, with the options whose formulas differ: what all the suites run over. */
import * as optimizers from '@clipkit/optimizers';
import type { CommonOptions, FusedOptimizer } from '@clipkit/optimizers';

export type Make = (options?: CommonOptions) => FusedOptimizer;

const { adadelta, adafactor, adagrad, adam, adamax, adamW, lamb, lars, lion, momentum, muon, nadam, radam, rmsprop, sgd } = optimizers;

export const SUBJECTS: Readonly<Record<string, Make>> = {
  sgd: (options) => sgd({ learningRate: 0.05, ...options }),
  momentum: (options) => momentum({ learningRate: 0.05, ...options }),
  'momentum, nesterov': (options) => momentum({ learningRate: 0.05, nesterov: true, ...options }),
  rmsprop: (options) => rmsprop({ learningRate: 0.01, ...options }),
  'rmsprop, centered with momentum': (options) => rmsprop({ learningRate: 0.01, centered: true, momentum: 0.8, ...options }),
  adagrad: (options) => adagrad({ learningRate: 0.05, ...options }),
  adadelta: (options) => adadelta({ learningRate: 0.5, ...options }),
  'adadelta, as published': (options) => adadelta({ learningRate: 0.5, divideBy: 'current', ...options }),
  adam: (options) => adam({ learningRate: 0.01, ...options }),
  'adam, amsgrad': (options) => adam({ learningRate: 0.01, amsgrad: true, ...options }),
  adamW: (options) => adamW({ learningRate: 0.01, weightDecay: 0.1, excludeFromWeightDecay: /bias/, ...options }),
  adamax: (options) => adamax({ learningRate: 0.01, decay: 0.05, ...options }),
  nadam: (options) => nadam({ learningRate: 0.01, ...options }),
  radam: (options) => radam({ learningRate: 0.01, ...options }),
  lion: (options) => lion({ learningRate: 0.003, weightDecay: 0.1, ...options }),
  lamb: (options) => lamb({ learningRate: 0.01, weightDecay: 0.1, excludeFromLayerAdaptation: /bias/, ...options }),
  lars: (options) => lars({ learningRate: 0.5, weightDecay: 0.1, nesterov: true, ...options }),
  adafactor: (options) => adafactor({ learningRate: 0.05, ...options }),
  muon: (options) => muon({ learningRate: 0.01, ...options }),
};
