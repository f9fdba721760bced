/** The configuration that rebuilds an optimizer: written as plain data, and read back as data from a stranger. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import { checkKeys, Decoder, encode, encodeRecord, type Json } from '../transform/config';
import { checkPlain } from '../transform/limits';
import { NON_FINITE_POLICIES, type NonFinitePolicy } from '../transform/nonFinite';
import { isTransform, type GradientTransform } from '../transform/transform';
import type { ClipkitOptimizer, OptimizerOptions } from './optimizer';
import { layPipeline } from './pipeline';
import { checkStockConfig, isStockClass } from './stockConfig';

const KEYS = ['transforms', 'nonFinite', 'rule', 'inner'];
const OURS = 'ClipkitOptimizer';

/** What a configuration says, checked; the wrapped optimizer is not built yet. */
interface Contents extends Omit<OptimizerOptions, 'inner'> {
  readonly inner: SavedInner | null;
}
interface SavedInner {
  readonly className: string;
  readonly config: tf.serialization.ConfigDict;
}

/** Writes the configuration, and reads it as it will be read: what could not be loaded again is refused before it is lost. */
export function configOf(optimizer: ClipkitOptimizer): Json {
  const owner = '[core] getConfig';
  const {
    inner,
    options: { transforms, rule, nonFinite, layoutOf },
  } = optimizer;
  if (layoutOf)
    throw new TypeError(
      `${owner}: an optimizer with a layoutOf function cannot be saved, since code is not configuration`,
    );
  const config = {
    transforms: transforms.map(encode),
    nonFinite,
    rule: rule && {
      transform: rule.kind,
      options: encodeRecord({ ...rule.options, learningRate: optimizer.configuredRate }),
    },
    inner: inner && { className: inner.getClassName(), config: inner.getConfig() as Json },
  };
  readContents(owner, config);
  return config;
}

/** Reads a saved configuration: data, which is validated and never run. Nothing is made before all of it is right. */
export function fromConfig(config: tf.serialization.ConfigDict): OptimizerOptions {
  const owner = '[core] fromConfig';
  const { inner, ...contents } = readContents(owner, config);
  return { ...contents, inner: inner && buildInner(owner, inner) };
}

function readContents(owner: string, config: unknown): Contents {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new TypeError(expected(owner, 'config', 'an object', config));
  // loadLayersModel puts its customObjects in.
  const { customObjects: _, ...json } = Object.getOwnPropertyDescriptors(config) as Record<string, PropertyDescriptor>;
  const own: Readonly<Record<string, unknown>> = Object.defineProperties({}, json);
  const { inner: wrapped, ...ours } = json;
  checkPlain(owner, Object.defineProperties({}, ours), '');
  checkKeys(own, KEYS, owner);
  const inner = readInner(owner, wrapped);
  const { transforms, rule, nonFinite } = own;
  if (!Array.isArray(transforms)) throw new TypeError(expected(owner, 'transforms', 'a list', transforms));
  if (!NON_FINITE_POLICIES.includes(nonFinite as NonFinitePolicy))
    throw new RangeError(
      expected(owner, 'nonFinite', `one of ${NON_FINITE_POLICIES.map((each) => `'${each}'`).join(', ')}`, nonFinite),
    );
  const decoder = new Decoder();
  const read = {
    transforms: transforms.map((each, index) => readGradientTransform(decoder, each, `${owner}: transforms[${index}]`)),
    rule: rule === null ? null : readRule(decoder, rule, `${owner}: rule`),
    nonFinite: nonFinite as NonFinitePolicy,
  };
  if ((read.rule === null) === (inner === null))
    throw new TypeError(
      `${owner}: either rule or inner must be given, the other null, got ${inner ? 'both' : 'neither'}: an ` +
        `optimizer has exactly one update rule`,
    );
  layPipeline(owner, read.transforms, read.rule, read.nonFinite);
  return { ...read, inner };
}

function readTransform(decoder: Decoder, json: unknown, place: string): GradientTransform {
  const value = decoder.decode(json, place);
  if (!isTransform(value))
    throw new TypeError(`${place} must be a saved transform, { transform, options }, got ${show(json)}`);
  return value;
}

function readGradientTransform(decoder: Decoder, json: unknown, place: string): GradientTransform {
  const transform = readTransform(decoder, json, place);
  if (transform.stage === 'rule')
    throw new TypeError(
      `${place}: ${show(transform.kind)} is an update rule, not a gradient transform; it belongs into rule`,
    );
  return transform;
}

function readRule(decoder: Decoder, json: unknown, place: string): GradientTransform {
  const rule = readTransform(decoder, json, place);
  if (rule.stage !== 'rule')
    throw new TypeError(
      `${place} must be an update rule, got ${show(rule.kind)}, which is a transform; it belongs into transforms`,
    );
  const { options } = json as { readonly options: object };
  if (!Object.hasOwn(options, 'learningRate'))
    throw new TypeError(`${place}.options.learningRate must be a number >= 0 or a schedule, got undefined`);
  return rule;
}

function readInner(owner: string, saved: PropertyDescriptor | undefined): SavedInner | null {
  const place = `${owner}: inner`;
  if (saved && !('value' in saved)) throw new TypeError(`${place} must be plain data, got a getter`);
  const json: unknown = saved?.value;
  if (json === null) return null;
  if (typeof json !== 'object' || Array.isArray(json))
    throw new TypeError(`${place} must be null or an object with className and config, got ${show(json)}`);
  checkPlain(owner, json, 'inner', true);
  checkKeys(json, ['className', 'config'], place);
  const { className, config } = json as { readonly className?: unknown; readonly config?: unknown };
  if (typeof className !== 'string') throw new TypeError(`${place}.className must be a string, got ${show(className)}`);
  if (className === OURS)
    throw new TypeError(
      `${place}.className must be an optimizer of another kind, got ${show(OURS)}: clipkit's optimizers do not wrap ` +
        `each other, put all transforms into one list`,
    );
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new TypeError(`${place}.config must be an object, got ${show(config)}`);
  if (isStockClass(className)) checkStockConfig(className, config, `${place}.config`);
  return { className, config: config as tf.serialization.ConfigDict };
}

/** Asks the class by its prototype before it runs any of it: a file may name any class that is registered, layers too. */
function buildInner(owner: string, { className, config }: SavedInner): tf.Optimizer {
  const map = tf.serialization.SerializationMap.getMap().classNameMap;
  if (!Object.hasOwn(map, className))
    throw new RangeError(
      `${owner}: the wrapped optimizer's class ${show(className)} is not registered; import the package that ` +
        `defines it before loading`,
    );
  const [cls, build] = map[className]!;
  const prototype: unknown = (cls as { readonly prototype?: unknown }).prototype;
  if (typeof prototype !== 'object' || prototype === null || !(prototype instanceof tf.Optimizer))
    throw new TypeError(`${owner}: inner.className must be that of an optimizer, got ${show(className)}`);
  return build(cls, config) as unknown as tf.Optimizer;
}
