/** What is timed: gradients of the reference models' layers, as the kernels that tfjs calls for them, and a whole step of the seed's model. */
import { mnistCnn } from '@clipkit/models';
import { adam } from '@clipkit/optimizers';
import { cast, dispose, engine, mean, mod, oneHot, randomNormal, randomUniform, range, tensor1d, tidy, type NamedAttrMap, type NamedTensorMap, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { metrics } from '@tensorflow/tfjs-layers';

export interface LayerCase {
  name: string;
  /** The kernel that is timed, or without which the backend cannot run this. */
  kernel: string;
  /** Shapes of the inputs, for people. */
  shapes: string;
  run(): void;
  dispose(): void;
  /** Multiplications and additions; null where memory, not arithmetic, is the work. */
  operations: number | null;
}

type Shape = number[];
let seed = 0;
const random = (shape: Shape): Tensor => randomNormal(shape, 0, 1, 'float32', ++seed);

function layerCase(name: string, kernel: string, shapes: Record<string, Shape>, attributes: NamedAttrMap, operations: number | null = null, given: NamedTensorMap = {}): LayerCase {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, given[key] ?? random(shape)]));
  return {
    name, kernel, shapes: Object.entries(shapes).map(([key, shape]) => `${key} ${shape.join(' × ')}`).join(', '), operations,
    run: () => void engine().runKernel(kernel, inputs, attributes),
    dispose: () => Object.values(inputs).forEach((input) => input.dispose()),
  };
}

const plain: NamedAttrMap = { strides: 1, pad: 'valid', dataFormat: 'NHWC' };

function convolution(name: string, [batch, side, , input]: Shape, output: number, makes: readonly ('filter' | 'input')[]): LayerCase[] {
  const [x, filter, dy] = [[batch!, side!, side!, input!], [3, 3, input!, output], [batch!, side! - 2, side! - 2, output]];
  const operations = 2 * batch! * (side! - 2) ** 2 * 9 * input! * output;
  return makes.map((made) => (made === 'filter'
    ? layerCase(`${name}, filter`, 'Conv2DBackpropFilter', { x, dy }, { ...plain, filterShape: filter }, operations)
    : layerCase(`${name}, input`, 'Conv2DBackpropInput', { dy, filter }, { ...plain, inputShape: x }, operations)));
}

function depthwise([batch, side, , channels]: Shape): LayerCase[] {
  const [x, filter] = [[batch!, side!, side!, channels!], [3, 3, channels!, 1]];
  const attributes: NamedAttrMap = { strides: 1, pad: 'same', dilations: 1 }, operations = 2 * batch! * side! ** 2 * 9 * channels!;
  return [
    layerCase('depthwise convolution, filter', 'DepthwiseConv2dNativeBackpropFilter', { x, dy: x }, { ...attributes, filterShape: filter }, operations),
    layerCase('depthwise convolution, input', 'DepthwiseConv2dNativeBackpropInput', { dy: x, filter }, { ...attributes, inputShape: x }, operations),
  ];
}

/** Forward, backward, clipping and Adam: of the kernels that it needs, the filter's gradient is the one that a backend may lack. */
function trainingStep(batch: number): LayerCase {
  const model = mnistCnn({ seed: 1 }), optimizer = adam({ globalClipnorm: 1 });
  const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
  const images = randomUniform([batch, 28, 28, 1], 0, 1, 'float32', ++seed);
  const labels = tidy(() => cast(oneHot(cast(mod(range(0, batch), 10), 'int32'), 10), 'float32'));
  // Multiplications and additions of products: forward once, and back once for each operand but the images.
  const [first, second, dense] = [26 ** 2 * 9 * 32, 11 ** 2 * 288 * 64, 1600 * 128 + 1280];
  return {
    name: 'mnistCnn, whole step', kernel: 'Conv2DBackpropFilter', shapes: `images ${images.shape.join(' × ')}`,
    operations: 2 * batch * (2 * first + 3 * second + 3 * dense),
    run: () => void optimizer.minimize(() => mean(metrics.categoricalCrossentropy(labels, model.apply(images, { training: true }) as Tensor)), false, variables),
    dispose() {
      optimizer.dispose();
      model.dispose();
      dispose([images, labels]);
    },
  };
}

/** All cases on the current backend for this many examples; the caller disposes of them. */
export function layerCases(batch: number): LayerCase[] {
  const [wide, pooled] = [[batch, 26, 26, 32], [batch, 13, 13, 32]];
  const pool: NamedAttrMap = { filterSize: 2, strides: 2, pad: 'valid' };
  const input = random(wide);
  const output = engine().runKernel('MaxPool', { x: input }, pool) as Tensor;
  const tokens = 16 * batch, dense = 2 * batch * 1600 * 128;
  return [
    ...convolution('convolution 1 of mnistCnn', [batch, 28, 28, 1], 32, ['filter']),
    ...convolution('convolution 2 of mnistCnn', [batch, 13, 13, 32], 64, ['filter', 'input']),
    ...depthwise([batch, 16, 16, 64]),
    layerCase('max pooling', 'MaxPoolGrad', { dy: pooled, input: wide, output: pooled }, pool, null, { input, output }),
    layerCase('average pooling', 'AvgPoolGrad', { dy: pooled, input: wide }, pool),
    layerCase('dense 1600 → 128, kernel', 'BatchMatMul', { a: [1, batch, 1600], b: [1, batch, 128] }, { transposeA: true, transposeB: false }, dense),
    layerCase('dense 1600 → 128, input', 'BatchMatMul', { a: [1, batch, 128], b: [1, 1600, 128] }, { transposeA: false, transposeB: true }, dense),
    layerCase('embedding of 1000 tokens', 'UnsortedSegmentSum', { x: [tokens, 64], segmentIds: [tokens] }, { numSegments: 1000 }, null, {
      segmentIds: tensor1d(randomUniform([tokens], 0, 1000, 'int32', ++seed).dataSync(), 'int32'),
    }),
    trainingStep(batch),
  ];
}
