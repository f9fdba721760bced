/**
 * @clipkit/clip/layers: Keras's clipping arguments in tfjs-layers' own model.compile, and in models that come from Keras.
 *
 * Importing it teaches `model.compile` the keys clipvalue, clipnorm, globalClipnorm, clip and nonFinite; a compile without them is as before.
 * @packageDocumentation
 */
import type { ClipOptions } from '@clipkit/core';
import { teachCompile } from './compile';

declare module '@tensorflow/tfjs-layers/dist/engine/training.js' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an augmentation adds members by extending
  interface ModelCompileArgs extends ClipOptions {}
}

teachCompile();
export { loadLayersModel } from './load';
