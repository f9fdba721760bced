/** Runs in a browser: the same few steps on each backend, and what a step reads back. The test looks at `window.results`. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { clip, byGlobalNorm, zClip } from '@clipkit/clip';
import { adam } from '@clipkit/optimizers';
import { Scene, sceneGradients } from '@clipkit/core/testing';

const OPTIMIZERS: Record<string, () => tf.Optimizer> = {
  'fused adam': () => adam({ learningRate: 0.01, globalClipnorm: 1 }),
  // Left to itself, tfjs's Adam takes another epsilon on webgl.
  'clip around adam': () => clip(tf.train.adam(0.01, 0.9, 0.999, 1e-7), byGlobalNorm(1)),
  'clip around sgd, zClip': () => clip(tf.train.sgd(0.01), zClip({ warmupSteps: 3 })),
};

export interface BrowserResult {
  backend: string;
  optimizer: string;
  values: number[][];
  norm: number;
  readBacks: number;
}

async function run(): Promise<BrowserResult[]> {
  setWasmPaths('/wasm/');
  const results: BrowserResult[] = [];
  for (const backend of ['cpu', 'wasm', 'webgl']) {
    await tf.setBackend(backend);
    await tf.ready();
    for (const [optimizer, make] of Object.entries(OPTIMIZERS)) {
      const scene = new Scene(make());
      const watched = tf.backend() as unknown as { readSync(id: object): unknown };
      const readSync = watched.readSync.bind(watched);
      let readBacks = 0;
      watched.readSync = (id) => {
        readBacks++;
        return readSync(id);
      };
      (scene.optimizer as unknown as { observe(): void }).observe();
      for (let step = 0; step < 6; step++) scene.step(sceneGradients(step));
      watched.readSync = readSync;
      const { norm } = await (scene.optimizer as ReturnType<typeof adam>).report();
      const values = await Promise.all(scene.variables.map(async (variable) => [...await variable.data()]));
      results.push({ backend, optimizer, values, norm, readBacks });
      scene.dispose();
    }
  }
  return results;
}

declare global {
  interface Window { results: Promise<BrowserResult[]> }
}
window.results = run();
