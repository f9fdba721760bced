/** Generated images of ten classes, for models whose data no package ships: learnable, never mistaken for the real thing. */
import { tensor1d, tensor4d, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkInteger, checkOptions } from '../errors';
import { mix, uniform } from '../random';
import type { Examples } from './batches';

export interface SyntheticImagesOptions {
  /** How many images; default 2000. */
  count?: number;
  /** Side in pixels, default 32; channels, default 3; classes, default 10. */
  side?: number;
  channels?: number;
  classes?: number;
  /** Standard deviation of the noise, default 0.2. */
  noise?: number;
  /** The same seed gives the same images. The patterns of the classes are the same for all seeds, so that another seed makes a test set. */
  seed?: number;
}

/** Plane waves, one direction, wavelength and colour a class, at random phase, under noise: `xs` [count, side, side, channels] about 0 … 1, `ys` [count]. */
export function syntheticImages(options: SyntheticImagesOptions = {}): Examples<Tensor4D, Tensor1D> {
  checkOptions('syntheticImages', options, ['count', 'side', 'channels', 'classes', 'noise', 'seed']);
  const { count = 2000, side = 32, channels = 3, classes = 10, noise = 0.2, seed } = options;
  for (const [name, value] of Object.entries({ count, side, channels, classes })) checkInteger('syntheticImages', name, value, 1);
  if (!(noise >= 0 && noise < Infinity)) throw new RangeError(`[models] syntheticImages: noise must be a number >= 0, got ${String(noise)}`);
  const random = uniform(seed);
  const patterns = Array.from({ length: classes }, (_, label) => pattern(label, channels));
  const pixels = new Float32Array(count * side * side * channels);
  const labels = new Float32Array(count);
  let place = 0;
  for (let image = 0; image < count; image++) {
    const label = Math.floor(random() * classes);
    const { x, y, colour } = patterns[label]!;
    const phase = 2 * Math.PI * random();
    labels[image] = label;
    for (let row = 0; row < side; row++) for (let column = 0; column < side; column++) {
      const wave = 0.25 * Math.sin(x * column + y * row + phase);
      for (let channel = 0; channel < channels; channel++) pixels[place++] = 0.5 + wave * colour[channel]! + noise * (random() + random() + random() - 1.5) * 2;
    }
  }
  return { xs: tensor4d(pixels, [count, side, side, channels]), ys: tensor1d(labels) };
}

/** Wave numbers and colour of a class, the same for every seed. */
function pattern(label: number, channels: number) {
  const random = uniform(mix(label, 1));
  const [direction, length] = [Math.PI * random(), 0.3 + 0.9 * random()];
  return { x: length * Math.cos(direction), y: length * Math.sin(direction), colour: Array.from({ length: channels }, () => 0.4 + 0.6 * random()) };
}
