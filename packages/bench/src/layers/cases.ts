/** The layer gradients that are timed: those of the reference models' layers, as the kernels that tfjs calls for them. */
import { engine, randomNormal, randomUniform, tensor1d, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';

export interface LayerCase {
  name: string;
  kernel: string;
  /** Shapes of the inputs, for people. */
  shapes: string;
  inputs: NamedTensorMap;
  attributes: NamedAttrMap;
  /** Multiplications and additions; null where memory, not arithmetic, is the work. */
  operations: number | null;
}

type Shape = number[];
let seed = 0;
const random = (shape: Shape): Tensor => randomNormal(shape, 0, 1, 'float32', ++seed);

function layerCase(name: string, kernel: string, shapes: Record<string, Shape>, attributes: NamedAttrMap, operations: number | null = null, given: NamedTensorMap = {}): LayerCase {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, given[key] ?? random(shape)]));
  return { name, kernel, shapes: Object.entries(shapes).map(([key, shape]) => `${key} ${shape.join(' × ')}`).join(', '), inputs, attributes, operations };
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

/** All cases on the current backend for this many examples; the caller disposes of the inputs. */
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
  ];
}
