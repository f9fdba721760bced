/** A character language model: one LSTM that predicts the next character of a text [Hochreiter, Schmidhuber 1997; Graves 2013]. */
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { checkInteger } from '../errors';
import { builder, type ModelOptions } from './build';

export interface CharLstmOptions extends ModelOptions {
  /** Distinct characters; `charSequences` says how many its text has. */
  vocabulary?: number;
  /** Characters that it sees, default 40. */
  length?: number;
  /** Default 64. */
  units?: number;
}

/** Reads one-hot characters [length, vocabulary] and returns the probabilities of the next one [vocabulary]. */
export function charLstm(options: CharLstmOptions = {}): LayersModel {
  const { glorot, dense } = builder('charLstm', options, ['vocabulary', 'length', 'units']);
  const { vocabulary = 32, length = 40, units = 64 } = options;
  checkInteger('charLstm', 'vocabulary', vocabulary, 1);
  checkInteger('charLstm', 'length', length, 1);
  checkInteger('charLstm', 'units', units, 1);
  return sequential({
    name: 'charLstm',
    layers: [
      // tfjs's default, orthogonal, needs the chained ops, which tfjs-core and tfjs-layers alone do not bring.
      layers.lstm({ units, kernelInitializer: glorot(), recurrentInitializer: glorot(), inputShape: [length, vocabulary] }),
      dense({ units: vocabulary, activation: 'softmax' }),
    ],
  });
}
