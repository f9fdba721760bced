/** Reads Keras's training configuration: data from a file, checked and never run. */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCompileArgs } from '@tensorflow/tfjs-layers';
import { accumulateGradients, expected, fields, type ClipOptions, type Field } from '@clipkit/core';
import { readHow } from '../how';

type Config = Readonly<Record<string, unknown>>;

/** What Keras writes beside a model's layers, in Keras 2's and Keras 3's spelling. */
export interface KerasTraining {
  readonly optimizer_config?: { readonly class_name?: string; readonly config?: Config };
  readonly loss?: unknown;
  readonly metrics?: unknown;
}

const OWNER = '[clip] loadLayersModel';
/** Where in the file an optimizer's numbers stand, for errors. */
const PLACE = `${OWNER}: optimizer_config.config.`;
const CLIPPING = ['clipnorm', 'clipvalue', 'global_clipnorm'] as const;

const share = fields.number({ min: 0, below: 1 });
const size = fields.number({ min: 0, finite: true });
const rateField = fields.number({ min: 0, finite: true });
const flag = fields.boolean(false);

const isObject = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value that may be missing or null, as Keras writes what is not set; else it is checked. */
function read<T>(config: Config, name: string, field: Field<T>): T | undefined {
  const value = Object.hasOwn(config, name) ? config[name] : undefined;
  return value === undefined || value === null ? undefined : field(value, PLACE, name);
}

/** The optimizer's own part of a training configuration; empty where there is none. */
function optimizerOf(training: unknown): { name: unknown; config: Config } {
  if (!isObject(training)) throw new TypeError(expected(OWNER, 'the training configuration', 'an object', training));
  const optimizer = training['optimizer_config'] ?? {};
  if (!isObject(optimizer)) throw new TypeError(expected(OWNER, 'optimizer_config', 'an object', optimizer));
  const config = optimizer['config'] ?? {};
  if (!isObject(config)) throw new TypeError(expected(OWNER, 'optimizer_config.config', 'an object', config));
  return { name: optimizer['class_name'], config };
}

/** A learning rate that is a number; undefined where it is a schedule or missing. */
function rateOf(config: Config): number | undefined {
  return isObject(config['learning_rate']) ? undefined : read(config, 'learning_rate', rateField);
}

/** The clipping in a training configuration, checked with the learning rate; null where there is none. */
export function clippingOf(training: unknown): ClipOptions | null {
  const { config } = optimizerOf(training);
  rateOf(config);
  const how: Record<string, unknown> = {};
  for (const name of CLIPPING) {
    const limit = read(config, name, fields.number({ min: 0 }));
    if (limit !== undefined) how[name] = limit;
  }
  const steps = read(config, 'gradient_accumulation_steps', fields.count());
  if (steps !== undefined && steps > 1) how['clip'] = accumulateGradients(steps);
  if (Object.keys(how).length === 0) return null;
  readHow(OWNER, how as ClipOptions);
  return how as ClipOptions;
}

/** tfjs's optimizers by Keras's names, with Keras's defaults: everything is read before anything is made. */
const OPTIMIZERS: Readonly<Record<string, (config: Config, rate: number) => () => tf.Optimizer>> = {
  SGD(config, rate) {
    const momentum = read(config, 'momentum', size) ?? 0;
    const nesterov = read(config, 'nesterov', flag) ?? false;
    return () => (momentum ? tf.train.momentum(rate, momentum, nesterov) : tf.train.sgd(rate));
  },
  Adam(config, rate) {
    const { beta1, beta2, epsilon } = betasOf(config);
    return () => tf.train.adam(rate, beta1, beta2, epsilon);
  },
  Adamax(config, rate) {
    const { beta1, beta2, epsilon } = betasOf(config);
    return () => tf.train.adamax(rate, beta1, beta2, epsilon);
  },
  Adagrad(config, rate) {
    const first = read(config, 'initial_accumulator_value', size) ?? 0.1;
    return () => tf.train.adagrad(rate, first);
  },
  Adadelta(config, rate) {
    const rho = read(config, 'rho', share) ?? 0.95;
    const epsilon = read(config, 'epsilon', size) ?? 1e-7;
    return () => tf.train.adadelta(rate, rho, epsilon);
  },
  RMSprop(config, rate) {
    const rho = read(config, 'rho', share) ?? 0.9;
    const momentum = read(config, 'momentum', size) ?? 0;
    const epsilon = read(config, 'epsilon', size) ?? 1e-7;
    const centered = read(config, 'centered', flag) ?? false;
    return () => tf.train.rmsprop(rate, rho, momentum, epsilon, centered);
  },
};

const betasOf = (config: Config): { beta1: number; beta2: number; epsilon: number } => ({
  beta1: read(config, 'beta_1', share) ?? 0.9,
  beta2: read(config, 'beta_2', share) ?? 0.999,
  epsilon: read(config, 'epsilon', size) ?? 1e-7,
});

/** What makes the arguments for model.compile; null, with a warning, where tfjs has no such optimizer or loss. */
export function compileArgsOf(training: unknown): (() => ModelCompileArgs) | null {
  const how = clippingOf(training);
  const { name, config } = optimizerOf(training);
  const { loss, metrics } = training as KerasTraining;
  const rate = rateOf(config);
  const lossName = nameOf(loss);
  const isKnown = typeof name === 'string' && Object.hasOwn(OPTIMIZERS, name);
  const missing = !isKnown
    ? `optimizer ${shown(name)}`
    : rate === undefined
      ? 'learning rate schedule'
      : !lossName
        ? `loss ${shown(loss)}`
        : null;
  if (missing) {
    console.warn(
      `${OWNER}: tfjs has no equal of the model's ${missing}, so it is not compiled; call model.compile() before ` +
        `training.`,
    );
    return null;
  }
  const make = OPTIMIZERS[name as string]!(config, rate!);
  const known = (Array.isArray(metrics) ? (metrics.flat() as unknown[]) : []).filter(
    (each): each is string => typeof each === 'string' && each !== 'loss' && isOwnName(camel(each)),
  );
  return () => ({ optimizer: make(), loss: lossName!, metrics: known.map(camel), ...how });
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const MOST_CHARACTERS = 200;
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, MOST_CHARACTERS);

/** A loss is a name, or in Keras 3 an object whose class is the name; one of logits has no name in tfjs. */
function nameOf(loss: unknown): string | null {
  if (typeof loss === 'string') return isOwnName(camel(loss)) ? camel(loss) : null;
  if (!isObject(loss)) return null;
  const { class_name: name, config } = loss;
  const isOfLogits = isObject(config) && config['from_logits'] === true;
  if (typeof name !== 'string' || name === '' || isOfLogits) return null;
  const own = name[0]!.toLowerCase() + name.slice(1);
  return isOwnName(own) ? own : null;
}

/** tfjs looks names up in plain objects, where `toString` is found too. */
const isOwnName = (name: string): boolean => !(name in Object.prototype);
