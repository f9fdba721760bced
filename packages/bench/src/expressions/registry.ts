/** The names that expressions may use, and the functions behind them: exports of our packages and of tf.train, nothing else. */
import * as clipPackage from '@clipkit/clip';
import * as core from '@clipkit/core';
import * as optimizersPackage from '@clipkit/optimizers';
import { train } from '@tensorflow/tfjs-core';

export type Make = (...values: unknown[]) => unknown;
type Registry = ReadonlyMap<string, Make>;

const functions = (exports: object, accepts: (name: string) => boolean): Registry =>
  new Map(Object.entries(exports).filter((pair): pair is [string, Make] => typeof pair[1] === 'function' && accepts(pair[0])));

const scheduleNames = ['constant', 'linear', 'cosine', 'exponential', 'polynomial', 'piecewise', 'warmup', 'onPlateau', 'adjustable'];
const kinds = new Set(core.registeredKinds());

export const schedules = functions(core, (name) => scheduleNames.includes(name));
export const transforms = functions(clipPackage, (name) => kinds.has(name));
/** Our optimizers; the package also exports schedules, and fuse(), which takes an optimizer. */
export const optimizers = functions(optimizersPackage, (name) => /^[a-z]/.test(name) && name !== 'fuse' && !scheduleNames.includes(name));
/** tfjs's optimizers as `tf.train.…`; static methods are not enumerable, so that Object.entries would not see them. */
export const stockOptimizers: Registry = new Map(Object.getOwnPropertyNames(train).flatMap((name): [string, Make][] => {
  const make = (train as unknown as Record<string, unknown>)[name];
  return typeof make === 'function' && /^[a-z]/.test(name) ? [[`tf.train.${name}`, make as Make]] : [];
}));

export const nested: Registry = new Map([...transforms, ...schedules]);
