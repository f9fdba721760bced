/** Reads Keras's training configuration: data from a file, checked and never run. */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCompileArgs } from '@tensorflow/tfjs-layers';
import { accumulateGradients, type ClipOptions } from '@clipkit/core';

type Config = Readonly<Record<string, unknown>>;

/** What Keras writes beside a model's layers, in Keras 2's and Keras 3's spelling. */
export interface KerasTraining {
  readonly optimizer_config?: { readonly class_name?: string; readonly config?: Config };
  readonly loss?: unknown;
  readonly metrics?: unknown;
}

const CLIPPING = ['clipnorm', 'clipvalue', 'global_clipnorm'] as const;

/** The clipping in an optimizer's configuration; null where there is none. */
export function clippingOf(config: Config | undefined): ClipOptions | null {
  const how: Record<string, unknown> = {};
  for (const name of CLIPPING) if (typeof config?.[name] === 'number') how[name] = config[name];
  const steps = config?.['gradient_accumulation_steps'];
  if (typeof steps === 'number' && steps > 1) how['clip'] = accumulateGradients(steps);
  return Object.keys(how).length ? how as ClipOptions : null;
}

const read = (config: Config, name: string, fallback: number): number => (typeof config[name] === 'number' ? config[name] : fallback);

/** tfjs's optimizers by Keras's names, with Keras's defaults. */
const OPTIMIZERS: Readonly<Record<string, (config: Config, rate: number) => tf.Optimizer>> = {
  SGD: (config, rate) => (read(config, 'momentum', 0) ? tf.train.momentum(rate, read(config, 'momentum', 0), config['nesterov'] === true) : tf.train.sgd(rate)),
  Adam: (config, rate) => tf.train.adam(rate, read(config, 'beta_1', 0.9), read(config, 'beta_2', 0.999), read(config, 'epsilon', 1e-7)),
  Adamax: (config, rate) => tf.train.adamax(rate, read(config, 'beta_1', 0.9), read(config, 'beta_2', 0.999), read(config, 'epsilon', 1e-7)),
  Adagrad: (config, rate) => tf.train.adagrad(rate, read(config, 'initial_accumulator_value', 0.1)),
  Adadelta: (config, rate) => tf.train.adadelta(rate, read(config, 'rho', 0.95), read(config, 'epsilon', 1e-7)),
  RMSprop: (config, rate) => tf.train.rmsprop(rate, read(config, 'rho', 0.9), read(config, 'momentum', 0), read(config, 'epsilon', 1e-7), config['centered'] === true),
};

/** Arguments for model.compile; null, with a warning, where tfjs has no such optimizer or loss. */
export function compileArgsOf({ optimizer_config: optimizer, loss, metrics }: KerasTraining): ModelCompileArgs | null {
  const config = optimizer?.config ?? {}, name = optimizer?.class_name ?? '', rate = config['learning_rate'];
  const lossName = nameOf(loss);
  const missing = !Object.hasOwn(OPTIMIZERS, name) ? `optimizer ${JSON.stringify(name)}` : typeof rate !== 'number' ? 'learning rate schedule' : !lossName ? `loss ${JSON.stringify(loss)}` : null;
  if (missing) {
    console.warn(`[clip] loadLayersModel: tfjs has no equal of the model's ${missing}, so it is not compiled; call model.compile() before training.`);
    return null;
  }
  const known = (Array.isArray(metrics) ? metrics.flat() as unknown[] : []).filter((each): each is string => typeof each === 'string' && each !== 'loss');
  return { optimizer: OPTIMIZERS[name]!(config, rate as number), loss: lossName!, metrics: known.map(camel), ...clippingOf(config) };
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A loss is a name, or in Keras 3 an object whose class is the name; one of logits has no name in tfjs. */
function nameOf(loss: unknown): string | null {
  if (typeof loss === 'string') return camel(loss);
  const { class_name: name, config } = (loss ?? {}) as { class_name?: unknown; config?: { from_logits?: unknown } };
  return typeof name === 'string' && config?.from_logits !== true ? name[0]!.toLowerCase() + name.slice(1) : null;
}
