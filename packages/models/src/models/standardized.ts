/** Layers of normaliser-free networks, which tfjs does not have [Brock, De, Smith, Simonyan 2021]. Saved models load them once this package is imported. */
import { add, conv2d, div, mean, mul, relu, scalar, serialization, sqrt, square, sub, tidy, type Scalar, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayerVariable } from '@tensorflow/tfjs-layers';

const EPSILON = 1e-4;
/** Keeps the variance of a standard normal input through a relu: √(2 / (1 − 1/π)). */
const RELU_GAIN = Math.sqrt(2 / (1 - 1 / Math.PI));

interface ConvolutionOptions {
  filters: number;
  kernelSize: number;
  strides?: number;
  seed?: number;
  name?: string;
}

type Shape = (number | null)[];
const one = <T>(value: T | T[]): T => (Array.isArray(value) ? value[0]! : value);

/** Convolution ('same') whose kernel is standardised per output unit and has a gain to learn.   Ŵ = gain · (W − μ) / √(σ² · fan-in + ε) */
export class StandardizedConvolution extends layers.Layer {
  /** @nocollapse */
  static readonly className = 'StandardizedConvolution';
  private readonly options: Required<Omit<ConvolutionOptions, 'seed' | 'name'>> & { seed: number | undefined };
  private kernel!: LayerVariable;
  private gain!: LayerVariable;
  private offset!: LayerVariable;

  constructor({ filters, kernelSize, strides = 1, seed, ...base }: ConvolutionOptions) {
    super(base);
    this.options = { filters, kernelSize, strides, seed };
  }

  override build(inputShape: Shape | Shape[]): void {
    const { filters, kernelSize, seed } = this.options;
    const channels = (Array.isArray(inputShape[0]) ? inputShape[0] : (inputShape as Shape)).at(-1)!;
    const normal = initializers.randomNormal({ mean: 0, stddev: 1, ...(seed !== undefined && { seed }) } as { mean: number; stddev: number; seed: number });
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, channels, filters], 'float32', normal);
    this.gain = this.addWeight('gain', [filters], 'float32', initializers.ones());
    this.offset = this.addWeight('bias', [filters], 'float32', initializers.zeros());
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const weights = this.kernel.read() as Tensor4D;
      const fanIn = weights.shape[0] * weights.shape[1] * weights.shape[2];
      const centred = sub(weights, mean(weights, [0, 1, 2], true));
      const spread = sqrt(add(mul(mean(square(centred), [0, 1, 2], true), fanIn), EPSILON));
      const kernel = mul(div(centred, spread), this.gain.read()) as Tensor4D;
      return add(conv2d(one(inputs) as Tensor4D, kernel, this.options.strides, 'same'), this.offset.read());
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, rows, columns] = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    const { filters, strides } = this.options;
    const length = (size: number | null | undefined) => (typeof size === 'number' ? Math.ceil(size / strides) : null);
    return [batch ?? null, length(rows), length(columns), filters];
  }

  override getConfig(): serialization.ConfigDict {
    const { seed, ...rest } = this.options;
    return { ...super.getConfig(), ...rest, ...(seed !== undefined && { seed }) };
  }
}

/** factor · relu(x), times the gain that keeps a normal input's variance. */
export class ScaledRelu extends layers.Layer {
  /** @nocollapse */
  static readonly className = 'ScaledRelu';
  private readonly factor: number;

  constructor({ factor = 1, ...base }: { factor?: number; name?: string } = {}) {
    super(base);
    this.factor = factor;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => mul(relu(one(inputs)), this.factor * RELU_GAIN));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), factor: this.factor };
  }
}

/** The branch of a residual block: factor · gain · x, whose gain starts at 0, so that the block starts as the identity. (SkipInit) */
export class SkipGain extends layers.Layer {
  /** @nocollapse */
  static readonly className = 'SkipGain';
  private readonly factor: number;
  private gain!: LayerVariable;

  constructor({ factor = 1, ...base }: { factor?: number; name?: string } = {}) {
    super(base);
    this.factor = factor;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.gain = this.addWeight('gain', [], 'float32', initializers.zeros());
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => mul(one(inputs), mul(this.gain.read() as Scalar, scalar(this.factor))));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), factor: this.factor };
  }
}

for (const layer of [StandardizedConvolution, ScaledRelu, SkipGain]) serialization.registerClass(layer as unknown as serialization.SerializableConstructor<layers.Layer>);
