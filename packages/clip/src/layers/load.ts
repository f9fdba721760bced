/** tf.loadLayersModel for models that were compiled with clipping in Keras: tfjs drops it silently. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { expected, type ClipOptions } from '@clipkit/core';
import { replaceOptimizer } from './compile';
import { clippingOf, compileArgsOf } from './keras';

/**
 * Loads a model as tf.loadLayersModel does, and honours what its training configuration says of clipping: clipnorm, clipvalue,
 * global_clipnorm and gradient_accumulation_steps.
 *
 * A model that tfjs saved is compiled by tfjs, and its optimizer is wrapped. A model.json converted from Keras keeps its
 * configuration in the topology, where tfjs does not look: it is compiled here, if tfjs has such an optimizer and loss.
 * @param source a URL or an IOHandler, as for tf.loadLayersModel
 * @param options as for tf.loadLayersModel
 * @throws TypeError, RangeError when an option in the file is none or out of its range; no model is made then
 * @example
 * import { loadLayersModel } from '@clipkit/clip/layers';
 * const model = await loadLayersModel('https://example.org/model.json');
 */
export async function loadLayersModel(
  source: string | tf.io.IOHandler,
  options: tf.io.LoadOptions = {},
): Promise<layers.LayersModel> {
  const handler = handlerOf(source, options);
  let plan: Plan = { how: null, compileArgs: null };
  const load = async (): Promise<tf.io.ModelArtifacts> => {
    const artifacts = await handler.load!();
    // The file's numbers are checked before a model is made of it.
    plan = planOf(artifacts);
    return artifacts;
  };
  const model = await layers.loadLayersModel({ load }, options);
  if (plan.how) replaceOptimizer(model, plan.how);
  if (plan.compileArgs) compile(model, plan.compileArgs());
  return model;
}

/** What a file says of training, in one of the two places where it may stand. */
interface Plan {
  readonly how: ClipOptions | null;
  readonly compileArgs: (() => layers.ModelCompileArgs) | null;
}

function planOf({ trainingConfig, modelTopology }: tf.io.ModelArtifacts): Plan {
  if (trainingConfig) return { how: clippingOf(trainingConfig), compileArgs: null };
  const converted = (modelTopology as { training_config?: unknown } | undefined)?.training_config;
  return { how: null, compileArgs: converted === undefined || converted === null ? null : compileArgsOf(converted) };
}

/** Where tfjs does not know a loss or a metric, nothing is left of the model. */
function compile(model: layers.LayersModel, args: layers.ModelCompileArgs): void {
  try {
    model.compile(args);
  } catch (error) {
    (args.optimizer as tf.Optimizer).dispose();
    model.dispose();
    throw error;
  }
}

function handlerOf(source: string | tf.io.IOHandler, options: tf.io.LoadOptions): tf.io.IOHandler {
  if (typeof source === 'string') {
    const [handler, ...others] = tf.io.getLoadHandlers(source, options as never) as tf.io.IOHandler[];
    if (others.length)
      throw new RangeError(
        `[clip] loadLayersModel: ${others.length + 1} handlers know the URL ${JSON.stringify(source)}, expected one`,
      );
    return handler ?? tf.io.browserHTTPRequest(source, options);
  }
  if (typeof source?.load !== 'function')
    throw new TypeError(expected('[clip] loadLayersModel', 'source', 'a URL or an IOHandler that can load', source));
  return source;
}
