/** The ways of taking one optimizer step that are compared, each with variables of its own and the same gradients. */
import { clip, clipGradients } from '@clipkit/clip';
import { addN, div, memory, minimum, mul, randomNormal, sqrt, square, sum, tidy, train, variable, type Optimizer, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { oneOf } from '../errors';
import { optimizers } from '../expressions/registry';
import type { VariantName } from '../results/schema';
import type { Size } from './sizes';

type Fused = (options: { learningRate: number; globalClipnorm?: number }) => Optimizer;

const LEARNING_RATE = 1e-3;
const MAX_NORM = 1;

/** tfjs's optimizers by name, with the options that ours have by default. */
const stocks: Record<string, () => Optimizer> = {
  sgd: () => train.sgd(LEARNING_RATE),
  momentum: () => train.momentum(LEARNING_RATE, 0.9),
  rmsprop: () => train.rmsprop(LEARNING_RATE),
  adagrad: () => train.adagrad(LEARNING_RATE),
  adadelta: () => train.adadelta(LEARNING_RATE),
  adam: () => train.adam(LEARNING_RATE),
  adamax: () => train.adamax(LEARNING_RATE),
};

export interface NamedGradient {
  name: string;
  tensor: Tensor;
}

export interface Variant {
  name: VariantName;
  step(): void;
  /** Small, and written by every step: reading it waits for the device. */
  witness: Variable | null;
  dispose(): void;
}

/** What people write by hand: the global norm from ops, and each gradient times min(1, c / norm). */
export function clipByHand(gradients: readonly NamedGradient[], maxNorm: number): NamedGradient[] {
  const norm = sqrt(addN(gradients.map(({ tensor }) => sum(square(tensor)))));
  const scale = minimum(1, div(maxNorm, norm));
  return gradients.map(({ name, tensor }) => ({ name, tensor: mul(tensor, scale) }));
}

/** The same in our words, for loops written by hand. */
function clipByUs(given: readonly NamedGradient[], maxNorm: number): NamedGradient[] {
  const { gradients } = clipGradients(given.map(({ tensor }) => tensor), { globalClipnorm: maxNorm });
  return given.map(({ name }, place) => ({ name, tensor: gradients[place]! }));
}

let sets = 0;

function variant(name: VariantName, optimizer: Optimizer, gradients: readonly Tensor[], prepare?: (gradients: NamedGradient[]) => NamedGradient[]): Variant {
  const set = ++sets;
  const variables = gradients.map((gradient, place) => {
    const start = randomNormal(gradient.shape, 0, 0.05, 'float32', place + 1);
    const made = variable(start, true, `step${set}/${place}`);
    start.dispose();
    return made;
  });
  const given = gradients.map((tensor, place) => ({ name: variables[place]!.name, tensor }));
  return {
    name,
    step: prepare ? () => tidy(() => optimizer.applyGradients(prepare(given))) : () => optimizer.applyGradients(given),
    witness: variables.reduce((smallest, each) => (each.size < smallest.size ? each : smallest)),
    dispose() {
      optimizer.dispose();
      variables.forEach((each) => each.dispose());
    },
  };
}

const FLOAT_BYTES = 4;

/**
 * The time in which TypedArray.set moves as many bytes as the clipped fused step: per element the gradient twice (norm and update),
 * the weight and each slot of state read, and the weight and each slot written. Slots are counted by the memory they took.
 */
function copyVariant(fused: Variant, gradients: readonly Tensor[]): Variant[] {
  const elements = gradients.reduce((total, { size }) => total + size, 0);
  const before = memory().numBytes;
  fused.step();
  const slots = Math.round((memory().numBytes - before) / (FLOAT_BYTES * elements));
  const moved = (2 + 1 + slots) + (1 + slots);
  // set() reads and writes each byte once, so half the moved elements are copied.
  const source = new Float32Array(Math.ceil(elements * moved / 2)).fill(1), target = new Float32Array(source.length).fill(2);
  return [{ name: 'copy', step: () => target.set(source), witness: null, dispose() {} }];
}

/** Gradients of norm far above the threshold, so that every step clips. */
export const makeGradients = ({ shapes }: Size): Tensor[] => shapes.map((shape, place) => randomNormal(shape, 0, 1, 'float32', place + 1001));

/** All variants of the optimizer: those with a stock part only where tfjs has it. */
export function makeVariants(optimizer: string, gradients: readonly Tensor[], inHostMemory: boolean): Variant[] {
  const ours = oneOf('optimizer', Object.fromEntries(optimizers), optimizer) as Fused;
  const stock = Object.hasOwn(stocks, optimizer) ? stocks[optimizer]! : null;
  const fused = variant('fused', ours({ learningRate: LEARNING_RATE, globalClipnorm: MAX_NORM }), gradients);
  const variants = [
    fused,
    variant('fusedUnclipped', ours({ learningRate: LEARNING_RATE }), gradients),
    ...(inHostMemory ? copyVariant(fused, gradients) : []),
  ];
  if (!stock) return variants;
  return [
    variant('stock', stock(), gradients),
    variant('handwritten', stock(), gradients, (given) => clipByHand(given, MAX_NORM)),
    variant('clipGradients', stock(), gradients, (given) => clipByUs(given, MAX_NORM)),
    variant('clip', clip(stock(), { globalClipnorm: MAX_NORM }), gradients),
    ...variants,
  ];
}
