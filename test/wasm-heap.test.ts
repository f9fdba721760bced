/** Past 2 GiB an address is negative to whoever gives it a sign; a step there is that on a small heap, bit for bit. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  adaptiveClip,
  autoClip,
  byGlobalNorm,
  byNorm,
  byValue,
  centralizeGradients,
  clip,
  clipGradients,
  clipWeights,
  errorFeedback,
  spikeClip,
  truncateGradients,
  zClip,
} from '@clipkit/clip';
import { Scene, sceneGradients } from '@clipkit/core/testing';
import { adafactor, adam, lamb, muon, sgd } from '@clipkit/optimizers';

const BALLAST = 2 ** 28;
/** Beyond it every address has its highest bit set. */
const HALF = 2 ** 31;

interface WasmBackend {
  readonly wasm: { readonly asm: { readonly memory: WebAssembly.Memory } };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
}
const backendNow = (): WasmBackend => tf.backend() as unknown as WasmBackend;
const heapBytes = (): number => backendNow().wasm.asm.memory.buffer.byteLength;
const addressOf = (tensor: tf.Tensor): number => backendNow().dataIdMap.get(tensor.dataId).memoryOffset;

/** Every kind of kernel: maps, blocks of squares, reductions in double, units read and written, custom nodes, pow. */
const OPTIMIZERS: Readonly<Record<string, () => tf.Optimizer>> = {
  'adam, joint norm': () => adam({ learningRate: 0.01, globalClipnorm: 1 }),
  'sgd, plain': () => sgd({ learningRate: 0.1 }),
  'norms of other orders': () =>
    sgd({
      learningRate: 0.1,
      clip: [byNorm(3, { ord: 1 }), byNorm(2, { ord: 1.5 }), byGlobalNorm(2, { ord: Infinity })],
    }),
  'units read': () => sgd({ learningRate: 0.1, clip: [adaptiveClip({ clipping: 0.1 }), centralizeGradients()] }),
  'custom nodes': () =>
    sgd({ learningRate: 0.1, clip: [truncateGradients({ fraction: 0.3 }), autoClip({ percentile: 40, window: 5 })] }),
  'state of elements': () =>
    sgd({
      learningRate: 0.1,
      momentum: 0.9,
      clip: errorFeedback([spikeClip({ threshold: 2, decay: 0.5 }), byValue(0.5)]),
    }),
  'trust ratios': () => lamb({ learningRate: 0.01, clip: zClip({ warmupSteps: 2 }) }),
  'products of matrices': () => muon({ learningRate: 0.01 }),
  'factored moments': () => adafactor({ learningRate: 0.01 }),
  'around tf.train.momentum': () => clip(tf.train.momentum(0.1, 0.9), [byGlobalNorm(1), clipWeights({ norm: 2 })]),
};
const STEPS = 4;

function outcomes(isThere: (tensor: tf.Tensor) => boolean): Record<string, number[][]> {
  const found: Record<string, number[][]> = {};
  for (const [name, make] of Object.entries(OPTIMIZERS)) {
    const scene = new Scene(make());
    expect(scene.variables.every(isThere), `${name}: variables`).toBe(true);
    found[name] = scene
      .train(0, STEPS)
      .values()
      .map((values) => [...values]);
    scene.dispose();
  }
  const tensors = sceneGradients(1).map((values) => tf.tensor1d(values));
  const { gradients, norm } = clipGradients(tensors, { globalClipnorm: 0.5 });
  found['clipGradients'] = [...gradients, norm].map((each) => [...each.dataSync()]);
  tf.dispose([tensors, gradients, norm]);
  // Longer than a block of squares, and not a multiple of anything.
  const long = tf.tidy(() => tf.variable(tf.ones([70_001])));
  const optimizer = adam({ learningRate: 0.01, clipnorm: 1 });
  expect(isThere(long)).toBe(true);
  for (let step = 1; step <= STEPS; step++)
    tf.tidy(() => {
      optimizer.applyGradients([{ name: long.name, tensor: tf.fill([70_001], step) }]);
    });
  found['a long variable'] = [[...long.dataSync()]];
  long.dispose();
  optimizer.dispose();
  return found;
}

/** Takes ever smaller pieces of memory, until what comes next lies past 2 GiB. Nothing is written: no page is real. */
function fill(): tf.Tensor[] {
  const taken: tf.Tensor[] = [];
  const take = (bytes: number): number => {
    taken.push(tf.engine().makeTensorFromTensorInfo(backendNow().makeOutput([bytes / 4], 'float32')));
    return addressOf(taken.at(-1)!);
  };
  for (let bytes = BALLAST; bytes >= 4; bytes /= 2) while (take(bytes) < HALF);
  while (heapBytes() < 2.6e9) take(BALLAST);
  return taken;
}

describe('a heap of more than 2 GiB', () => {
  it('gives the bits of a small one', async () => {
    await tf.setBackend('wasm');
    const factory = tf.findBackendFactory('wasm');
    const small = outcomes((tensor) => addressOf(tensor) < HALF);
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
    await tf.setBackend('wasm');
    const ballast = fill();
    try {
      expect(heapBytes()).toBeGreaterThan(2.6e9);
      expect(outcomes((tensor) => addressOf(tensor) >= HALF)).toEqual(small);
    } finally {
      tf.dispose(ballast);
      tf.disposeVariables();
    }
  });
});
