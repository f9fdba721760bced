/** The configuration that rebuilds an optimizer: written as plain data, and read back as data from a stranger. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import { decode, decodeRecord, encode, encodeRecord, type Json } from '../transform/config';
import { NON_FINITE_POLICIES, type NonFinitePolicy } from '../transform/nonFinite';
import { isTransform, type GradientTransform } from '../transform/transform';
import type { ClipkitOptimizer, OptimizerOptions } from './optimizer';

const OWNER = '[core] fromConfig';

export function configOf(optimizer: ClipkitOptimizer): Json {
  const { inner, options: { transforms, rule, nonFinite, layoutOf } } = optimizer;
  if (layoutOf) throw new TypeError('[core] getConfig: an optimizer with a layoutOf function cannot be saved, since code is not configuration');
  return {
    transforms: transforms.map(encode),
    nonFinite,
    rule: rule && { transform: rule.kind, options: encodeRecord({ ...rule.options, learningRate: optimizer.configuredRate }) },
    inner: inner && { className: inner.getClassName(), config: inner.getConfig() as Json },
  };
}

/** Reads a saved configuration: data, which is validated and never run. */
export function fromConfig(config: tf.serialization.ConfigDict): OptimizerOptions {
  const { transforms, rule, inner, nonFinite, ...rest } = config;
  const unknown = Object.keys(rest).filter((key) => key !== 'customObjects');
  if (unknown.length) throw new TypeError(`${OWNER}: unknown key ${show(unknown[0])}`);
  if (!Array.isArray(transforms)) throw new TypeError(expected(OWNER, 'transforms', 'a list', transforms));
  if (!NON_FINITE_POLICIES.includes(nonFinite as NonFinitePolicy)) throw new RangeError(expected(OWNER, 'nonFinite', `one of ${NON_FINITE_POLICIES.join(', ')}`, nonFinite));
  return {
    transforms: transforms.map((each) => readTransform(each, 'transforms')),
    rule: rule ? readTransform(rule, 'rule') : null,
    inner: inner ? readInner(inner as Record<string, unknown>) : null,
    nonFinite: nonFinite as NonFinitePolicy,
  };
}

function readTransform(json: unknown, name: string): GradientTransform {
  const value = decode(json, OWNER);
  if (!isTransform(value)) throw new TypeError(expected(OWNER, name, 'a saved transform', json));
  return value;
}

function readInner(json: Record<string, unknown>): tf.Optimizer {
  const { className, config } = json;
  const map = tf.serialization.SerializationMap.getMap().classNameMap;
  if (typeof className !== 'string' || !Object.hasOwn(map, className)) throw new RangeError(`${OWNER}: the wrapped optimizer's class ${show(className)} is not registered; import the package that defines it before loading`);
  const [cls, build] = map[className]!;
  return build(cls, decodeRecordRaw(config)) as unknown as tf.Optimizer;
}

/** A foreign optimizer's configuration is its own business; only a prototype in disguise is refused. */
function decodeRecordRaw(config: unknown): tf.serialization.ConfigDict {
  decodeRecord(config, OWNER);
  return config as tf.serialization.ConfigDict;
}
