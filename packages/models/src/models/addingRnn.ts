/** A plain recurrent network for the adding problem, the case on which gradient clipping was first studied [Pascanu, Mikolov, Bengio 2013]. */
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { checkInteger } from '../errors';
import { builder, type ModelOptions } from './build';

export interface AddingRnnOptions extends ModelOptions {
  /** Steps of a sequence, default 50. */
  length?: number;
  /** Default 64. */
  units?: number;
}

/** Reads [length, 2] (a number, a mark) and returns the sum of the two marked numbers [1].   4 353 parameters with the defaults. */
export function addingRnn(options: AddingRnnOptions = {}): LayersModel {
  const { glorot, dense } = builder('addingRnn', options, ['length', 'units']);
  const { length = 50, units = 64 } = options;
  checkInteger('addingRnn', 'length', length, 1);
  checkInteger('addingRnn', 'units', units, 1);
  return sequential({
    name: 'addingRnn',
    layers: [
      // tfjs's default, orthogonal, needs the chained ops, which tfjs-core and tfjs-layers alone do not bring.
      layers.simpleRNN({ units, activation: 'tanh', kernelInitializer: glorot(), recurrentInitializer: glorot(), inputShape: [length, 2] }),
      dense({ units: 1 }),
    ],
  });
}
