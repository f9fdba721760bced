/** What all models share: the check of their options, and layers whose initialisers take the model's seed. */
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { checkInteger, checkOptions } from '../errors';
import { layerSeeds } from '../random';

/** Options of every model. */
export interface ModelOptions {
  /** The same seed gives the same initial weights on every machine and backend; without one they are random. */
  seed?: number;
}

type ConvolutionOptions = Parameters<typeof layers.conv2d>[0];
type DenseOptions = Parameters<typeof layers.dense>[0];
export type Initializer = ReturnType<typeof initializers.glorotUniform>;

export interface Builder {
  glorot(): Initializer;
  he(): Initializer;
  /** Convolution with Glorot-uniform kernels, or He-normal ones for networks of residual blocks. */
  convolution(options: ConvolutionOptions & { init?: 'glorot' | 'he' }): ReturnType<typeof layers.conv2d>;
  dense(options: DenseOptions): ReturnType<typeof layers.dense>;
  /** Seed for a layer that makes random choices of its own. */
  seed(): number | undefined;
}

/** Checks the options of the model called `name` and returns the makers of its seeded layers. */
export function builder(name: string, options: ModelOptions, known: readonly string[] = []): Builder {
  checkOptions(name, options, ['seed', ...known]);
  if (options.seed !== undefined) checkInteger(name, 'seed', options.seed, Number.MIN_SAFE_INTEGER);
  const seed = layerSeeds(options.seed);
  const glorot = () => initializers.glorotUniform(seeded(seed()));
  const he = () => initializers.heNormal(seeded(seed()));
  return {
    glorot,
    he,
    convolution: ({ init = 'glorot', ...rest }) => layers.conv2d({ kernelInitializer: init === 'he' ? he() : glorot(), ...rest }),
    dense: (rest) => layers.dense({ kernelInitializer: glorot(), ...rest }),
    seed,
  };
}

/** tfjs types the seed as required, but takes its absence for "random". */
const seeded = (seed: number | undefined): { seed: number } => ({ seed }) as { seed: number };
