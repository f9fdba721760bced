/** Generated texts of token numbers: the class is told by short phrases, hidden among random tokens. */
import { tensor1d, tensor2d, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../errors';
import { mix, uniform } from '../random';
import type { Examples } from './batches';

export interface SyntheticTextsOptions {
  /** How many texts; default 2000. */
  count?: number;
  /** Tokens a text, default 40; distinct tokens, default 200; classes, default 4. */
  length?: number;
  vocabulary?: number;
  classes?: number;
  /** The same seed gives the same texts; the phrases are the same for all seeds. */
  seed?: number;
}

const PHRASE = 3;
/** Phrases that a class has to choose from. */
const PHRASES = 4;

/** `xs` [count, length] of token numbers and `ys` [count] of classes, both float32; each text holds two phrases of its class. */
export function syntheticTexts(options: SyntheticTextsOptions = {}): Examples<Tensor2D, Tensor1D> {
  checkOptions('syntheticTexts', options, ['count', 'length', 'vocabulary', 'classes', 'seed']);
  const { count = 2000, length = 40, vocabulary = 200, classes = 4, seed } = options;
  checkInteger('syntheticTexts', 'count', count, 1);
  checkInteger('syntheticTexts', 'length', length, 2 * PHRASE);
  checkInteger('syntheticTexts', 'vocabulary', vocabulary, 2);
  checkInteger('syntheticTexts', 'classes', classes, 2);
  const random = uniform(seed);
  const below = (end: number) => Math.floor(random() * end);
  const tokens = Float32Array.from({ length: count * length }, () => below(vocabulary));
  const labels = new Float32Array(count);
  for (let text = 0; text < count; text++) {
    const label = below(classes);
    labels[text] = label;
    const half = Math.floor(length / 2);
    for (const start of [below(half - PHRASE + 1), half + below(half - PHRASE + 1)]) tokens.set(phrase(label, below(PHRASES), vocabulary), text * length + start);
  }
  return { xs: tensor2d(tokens, [count, length]), ys: tensor1d(labels) };
}

/** The tokens of a class's phrase, the same for every seed. */
function phrase(label: number, which: number, vocabulary: number): number[] {
  const random = uniform(mix(label, 1000 + which));
  return Array.from({ length: PHRASE }, () => Math.floor(random() * vocabulary));
}
