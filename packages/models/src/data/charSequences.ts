/** A text as windows of one-hot characters, each with the character that follows it. */
import { oneHot, tensor1d, tensor2d, tidy, type Tensor1D, type Tensor3D } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../errors';
import { permutation, uniform } from '../random';
import type { Examples } from './batches';

export interface CharSequencesOptions {
  /** Characters a window, default 40. */
  length?: number;
  /** At most this many windows, chosen at random; default all. */
  count?: number;
  /** The alphabet, default the text's own characters in order; a character outside it is an error. */
  vocabulary?: string;
  /** The same seed chooses the same windows. */
  seed?: number;
}

/** `xs` [count, length, vocabulary], one-hot; `ys` [count], the place of the next character in `vocabulary`. */
export function charSequences(text: string, options: CharSequencesOptions = {}): Examples<Tensor3D, Tensor1D> & { vocabulary: string } {
  checkOptions('charSequences', options, ['length', 'count', 'vocabulary', 'seed']);
  const { length = 40, count, seed } = options;
  checkInteger('charSequences', 'length', length, 1);
  if (count !== undefined) checkInteger('charSequences', 'count', count, 1);
  const characters = [...text];
  if (characters.length <= length) throw new RangeError(`[models] charSequences: expected a text of more than ${length} characters, got ${characters.length}`);
  const vocabulary = options.vocabulary ?? [...new Set(characters)].sort().join('');
  const alphabet = new Map([...vocabulary].map((character, place) => [character, place]));
  const codes = characters.map((character) => {
    const code = alphabet.get(character);
    if (code === undefined) throw new RangeError(`[models] charSequences: expected only characters of the vocabulary, got ${JSON.stringify(character)}`);
    return code;
  });

  const windows = codes.length - length;
  const starts = permutation(windows, uniform(seed)).subarray(0, count ?? windows);
  const inputs = new Int32Array(starts.length * length);
  starts.forEach((start, window) => inputs.set(codes.slice(start, start + length), window * length));
  return {
    xs: tidy(() => oneHot(tensor2d(inputs, [starts.length, length], 'int32'), alphabet.size, 1, 0, 'float32') as Tensor3D),
    ys: tensor1d(Float32Array.from(starts, (start) => codes[start + length]!)),
    vocabulary,
  };
}
