/** Makes transforms, schedules and optimizers from parsed expressions. */
import { clip as clipOptimizer } from '@clipkit/clip';
import type { ClipkitOptimizer, GradientTransform } from '@clipkit/core';
import type { Optimizer } from '@tensorflow/tfjs-core';
import { UsageError } from '../errors';
import { Call, Chain, Options, format, type Value } from './expression';
import { nested, optimizers, stockOptimizers, transforms, type Make } from './registry';

/** Names of all optimizers: fused ones, and `tf.train.…` for those of tfjs. */
export const optimizerNames = (): string[] => [...optimizers.keys(), ...stockOptimizers.keys()];
export const transformNames = (): string[] => [...transforms.keys()];

function call(what: string, known: ReadonlyMap<string, Make>, { name, values }: Call): unknown {
  const make = known.get(name);
  if (!make) throw new UsageError(`[bench] unknown ${what} ${JSON.stringify(name)}; there are ${[...known.keys()].join(', ')}`);
  return make(...values.map(toArgument));
}

function toArgument(value: Value): unknown {
  if (value instanceof Call) return call('transform or schedule', nested, value);
  if (value instanceof Chain) return value.links.map(toArgument);
  if (value instanceof Options) return Object.fromEntries([...value.entries].map(([key, each]) => [key, toArgument(each)]));
  return Array.isArray(value) ? value.map(toArgument) : value;
}

/** The transforms that an expression such as `byNorm(1) | byValue(0.5)` means; null for `none`. */
export function buildClip(expression: Value): GradientTransform[] | null {
  const links = expression instanceof Chain ? expression.links : expression instanceof Call ? [expression] : [];
  if (!links.length) throw new UsageError(`[bench] expected a transform, none, or several joined by |, got ${format(expression)}`);
  if (links.length === 1 && links[0]!.name === 'none') return null;
  return links.map((link) => call('transform', transforms, link) as GradientTransform);
}

/** The optimizer that `expression` means, clipping as `clip` says: fused into ours, around one of tfjs's. */
export function buildOptimizer(expression: Value, clip: Value): ClipkitOptimizer {
  if (!(expression instanceof Call)) throw new UsageError(`[bench] expected an optimizer such as adam or adam({beta1: 0.8}), got ${format(expression)}`);
  const transformed = buildClip(clip);
  if (stockOptimizers.has(expression.name)) {
    const optimizer = call('optimizer', stockOptimizers, expression) as Optimizer;
    return clipOptimizer(optimizer, transformed ?? []);
  }
  const [options = new Options(new Map()), ...rest] = expression.values;
  if (!(options instanceof Options) || rest.length) throw new UsageError(`[bench] expected ${expression.name}({ option: value, … }), got ${format(expression)}`);
  const make = optimizers.get(expression.name);
  if (!make) throw new UsageError(`[bench] unknown optimizer ${JSON.stringify(expression.name)}; there are ${optimizerNames().join(', ')}`);
  return make({ ...(toArgument(options) as object), ...(transformed && { clip: transformed }) }) as ClipkitOptimizer;
}

/** The optimizer's expression with a learning rate written into it, unless it has one. */
export function withLearningRate(expression: Value, learningRate: number): Value {
  if (!(expression instanceof Call)) return expression;
  if (stockOptimizers.has(expression.name)) {
    if (expression.values.length) return expression;
    return new Call(expression.name, expression.name === 'tf.train.momentum' ? [learningRate, 0.9] : [learningRate]);
  }
  const [options] = expression.values;
  const entries = options instanceof Options ? options.entries : new Map<string, Value>();
  if (entries.has('learningRate') || (options && !(options instanceof Options))) return expression;
  return new Call(expression.name, [new Options(new Map([['learningRate', learningRate], ...entries]))]);
}
