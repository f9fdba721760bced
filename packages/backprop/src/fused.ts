/** What a fused kernel does after its product: add a bias, then clamp, or run the activation's own kernel. */
import { Elu, LeakyRelu, Prelu, Sigmoid, getKernel, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Arguments, BackendName } from './kernel';

export interface FusedAttributes {
  dataFormat?: 'NHWC' | 'NCHW';
  activation?: string | null;
  leakyreluAlpha?: number;
}

/** The clamp that an activation is. */
const clamps: Readonly<Record<string, readonly [low: number, high: number]>> = { linear: [-Infinity, Infinity], relu: [0, Infinity], relu6: [0, 6] };
/** The kernel of an activation that is none. */
const activations: Readonly<Record<string, string>> = { sigmoid: Sigmoid, elu: Elu, leakyrelu: LeakyRelu, prelu: Prelu };

export interface End {
  readonly bias: TensorInfo | undefined;
  readonly low: number;
  readonly high: number;
  /** Whether bias and clamp change nothing. */
  readonly plain: boolean;
  /** Whether the activation is a clamp. */
  readonly isClamp: boolean;
  /** Runs the activation that is no clamp, if there is one, and lets go of what it was given. */
  activate(made: TensorInfo): TensorInfo;
}

/** Undefined where tfjs's kernel is asked: channels first, a bias of neither one value nor one a channel, an unknown end. */
export const fusedEnd = (args: Arguments, backendName: BackendName, channels: number): End | undefined => {
  const { bias, preluActivationWeights } = args.inputs as { bias?: TensorInfo | null; preluActivationWeights?: TensorInfo | null };
  const { dataFormat = 'NHWC', leakyreluAlpha, ...attributes } = args.attrs as unknown as FusedAttributes;
  const activation = attributes.activation ?? 'linear', kernel = getKernel(activations[activation] ?? '', backendName);
  const isRow = bias?.shape.length === 1 && (bias.shape[0] === channels || bias.shape[0] === 1);
  const fits = !bias || (isRow && bias.dtype === 'float32');
  if (dataFormat !== 'NHWC' || !fits || !(clamps[activation] || kernel)) return undefined;
  const [low, high] = clamps[activation] ?? clamps.linear!;
  return {
    bias: bias ?? undefined, low, high,
    isClamp: !kernel,
    plain: !bias && low === -Infinity && high === Infinity,
    activate: (made) => {
      // The wasm kernel of prelu divides by a size.
      if (!kernel || util.sizeFromShape(made.shape) === 0) return made;
      const inputs = { x: made, ...(preluActivationWeights && { alpha: preluActivationWeights }) };
      const activated = kernel.kernelFunc({ inputs, attrs: { alpha: leakyreluAlpha ?? 0.2 }, backend: args.backend }) as TensorInfo;
      (args.backend as { disposeData(dataId: object): boolean }).disposeData(made.dataId);
      return activated;
    },
  };
};
