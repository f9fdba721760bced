/** tf.loadLayersModel for models that were compiled with clipping in Keras: tfjs drops it silently. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { expected } from '@clipkit/core';
import { replaceOptimizer } from './compile';
import { clippingOf, compileArgsOf, type KerasTraining } from './keras';

/**
 * Loads a model as tf.loadLayersModel does, and honours what its training configuration says of clipping: clipnorm, clipvalue,
 * global_clipnorm and gradient_accumulation_steps.
 *
 * A model that tfjs saved is compiled by tfjs, and its optimizer is wrapped. A model.json converted from Keras keeps its
 * configuration in the topology, where tfjs does not look: it is compiled here, if tfjs has such an optimizer and loss.
 * @param source a URL or an IOHandler, as for tf.loadLayersModel
 * @param options as for tf.loadLayersModel
 * @throws TypeError, RangeError when a clipping option in the file is out of its range
 * @example
 * import { loadLayersModel } from '@clipkit/clip/layers';
 * const model = await loadLayersModel('https://example.org/model.json');
 */
export async function loadLayersModel(source: string | tf.io.IOHandler, options: tf.io.LoadOptions = {}): Promise<layers.LayersModel> {
  const handler = handlerOf(source, options);
  let artifacts: tf.io.ModelArtifacts = {};
  const model = await layers.loadLayersModel({ load: async () => (artifacts = await handler.load!()) }, options);
  const converted = (artifacts.modelTopology as { training_config?: KerasTraining } | undefined)?.training_config;
  if (artifacts.trainingConfig) {
    const how = clippingOf((artifacts.trainingConfig as unknown as KerasTraining).optimizer_config?.config);
    if (how) replaceOptimizer(model, how);
  } else if (converted) {
    const args = compileArgsOf(converted);
    if (args) model.compile(args);
  }
  return model;
}

function handlerOf(source: string | tf.io.IOHandler, options: tf.io.LoadOptions): tf.io.IOHandler {
  if (typeof source === 'string') {
    const [handler, ...others] = tf.io.getLoadHandlers(source, options as never) as tf.io.IOHandler[];
    if (others.length) throw new RangeError(`[clip] loadLayersModel: ${others.length + 1} handlers know the URL ${JSON.stringify(source)}, expected one`);
    return handler ?? tf.io.browserHTTPRequest(source, options);
  }
  if (typeof source?.load !== 'function') throw new TypeError(expected('[clip] loadLayersModel', 'source', 'a URL or an IOHandler that can load', source));
  return source;
}
