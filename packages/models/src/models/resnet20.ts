/** ResNet-20 for CIFAR-10: three stages of three residual blocks [He, Zhang, Ren, Sun 2015]. */
import { input, layers, model, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { builder, type Builder, type ModelOptions } from './build';

const BLOCKS = 3;
const WIDTHS = [16, 32, 64];

/**
 * Classifies 32 × 32 × 3 images into 10 classes (softmax).   272 474 parameters to learn.
 * Where the width changes the shortcut is a 1 × 1 convolution (option B of the paper), since padding with zeros is no layer of tfjs.
 */
export function resnet20(options: ModelOptions = {}): LayersModel {
  const build = builder('resnet20', options);
  const images = input({ shape: [32, 32, 3] });
  let flow = activate(convolve(build, images, 16, 1));
  for (const [stage, filters] of WIDTHS.entries()) {
    for (let block = 0; block < BLOCKS; block++) flow = residual(build, flow, filters, stage > 0 && block === 0);
  }
  const pooled = layers.globalAveragePooling2d({}).apply(flow) as SymbolicTensor;
  const classes = build.dense({ units: 10, activation: 'softmax' }).apply(pooled) as SymbolicTensor;
  return model({ name: 'resnet20', inputs: images, outputs: classes });
}

/** Two convolutions and a way around them. */
function residual(build: Builder, from: SymbolicTensor, filters: number, halves: boolean): SymbolicTensor {
  const strides = halves ? 2 : 1;
  const inner = activate(convolve(build, from, filters, strides));
  const outer = convolve(build, inner, filters, 1);
  const shortcut = halves ? convolve(build, from, filters, strides, 1) : from;
  return activate(layers.add().apply([outer, shortcut]) as SymbolicTensor);
}

/** Convolution and batch normalisation, which makes a bias superfluous. */
function convolve({ convolution }: Builder, from: SymbolicTensor, filters: number, strides: number, kernelSize = 3): SymbolicTensor {
  const convolved = convolution({ filters, kernelSize, strides, padding: 'same', useBias: false, init: 'he' }).apply(from);
  return layers.batchNormalization({}).apply(convolved) as SymbolicTensor;
}

const activate = (from: SymbolicTensor): SymbolicTensor => layers.activation({ activation: 'relu' }).apply(from) as SymbolicTensor;
