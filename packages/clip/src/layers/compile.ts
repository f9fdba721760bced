/** model.compile with Keras's clipping arguments. */
import * as layers from '@tensorflow/tfjs-layers';
import { clippingFields, type ClipOptions } from '@clipkit/core';
import { wrap } from '../clip';
import { readHow } from '../how';

/** Marks a prototype that was taught already, by this copy of the module or another one. */
const TAUGHT = Symbol.for('@clipkit/clip/layers');

type Compiling = layers.LayersModel & { [TAUGHT]?: true };

/** Lets compile take clipping options. */
export function teachCompile(): void {
  const prototype = layers.LayersModel.prototype as Compiling;
  if (prototype[TAUGHT]) return;
  const original = prototype.compile;
  prototype.compile = function compile(this: layers.LayersModel, args: layers.ModelCompileArgs): void {
    const { how, rest } = split(args);
    if (!how) {
      original.call(this, args);
      return;
    }
    original.call(this, rest);
    replaceOptimizer(this, how);
  };
  // tf.Sequential compiles an inner model that it builds anew, so its arguments are checked before that.
  const ofSequential = layers.Sequential.prototype.compile;
  layers.Sequential.prototype.compile = function compile(this: layers.Sequential, args: layers.ModelCompileArgs): void {
    split(args);
    ofSequential.call(this, args);
  };
  Object.defineProperty(prototype, TAUGHT, { value: true });
}

/** Wraps the optimizer that a model was compiled with; whoever was to dispose of it still is. */
export function replaceOptimizer(model: layers.LayersModel, how: ClipOptions): void {
  const internals = model as unknown as { isOptimizerOwned: boolean; model?: layers.LayersModel };
  const isOwned = internals.isOptimizerOwned;
  model.optimizer = wrap('[clip] compile', model.optimizer, how);
  for (const each of [internals, internals.model as unknown as typeof internals | undefined]) if (each) each.isOptimizerOwned = isOwned;
}

/** Parts the clipping options, checked, from tfjs's own; null where there are none. */
function split(args: layers.ModelCompileArgs): { how: ClipOptions | null; rest: layers.ModelCompileArgs } {
  const how: Record<string, unknown> = {}, rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(args ?? {})) {
    if (!Object.hasOwn(clippingFields, key)) rest[key] = value;
    else if (value !== undefined) how[key] = value;
  }
  const given = Object.keys(how).length > 0;
  if (given) readHow('[clip] compile', how);
  return { how: given ? how : null, rest: rest as unknown as layers.ModelCompileArgs };
}
