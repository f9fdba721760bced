/**
 * Identity, and Cast to the same dtype, on wasm: tensors that share their values, as tfjs's reshape does.
 * tfjs copies them, and the tape clones every tensor that it keeps for the way back.
 */
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import { heapOf } from './heap';

const share = (backend: unknown, { dataId, shape, dtype }: TensorInfo): TensorInfo => {
  heapOf(backend).backend.incRef(dataId);
  return { dataId, shape, dtype };
};

export const identity: OwnKernel = ({ inputs, backend }) => share(backend, (inputs as { x: TensorInfo }).x);

export const cast: OwnKernel = (args, stock) => {
  const { x } = args.inputs as { x: TensorInfo };
  return x.dtype === (args.attrs as unknown as { dtype: DataType }).dtype ? share(args.backend, x) : stock(args);
};
