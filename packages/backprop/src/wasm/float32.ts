/**
 * Numbers of other dtypes for kernels that compute in float32. Where tfjs's wasm kernels check no dtype, they read
 * other numbers as if they were float32, and write four bytes where a truth value has one: they are no way out.
 */
import { Cast, getKernel } from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../kernel';
import type { WasmBackend } from './heap';

const converts = (tensor: TensorInfo | null | undefined): boolean =>
  tensor?.dtype === 'int32' || tensor?.dtype === 'bool';

/** The tensor in another dtype, which the caller disposes. */
export const castTo = (backend: object, x: TensorInfo, dtype: DataType): TensorInfo =>
  getKernel(Cast, 'wasm')!.kernelFunc({ inputs: { x }, attrs: { dtype }, backend }) as TensorInfo;

/** The kernel with its inputs, or those that are named, as float32. */
export const inFloat32 =
  (run: OwnKernel, ...names: readonly string[]): OwnKernel =>
  (args, stock) => {
    const inputs = args.inputs as Readonly<Record<string, TensorInfo | null | undefined>>;
    const others = (names.length > 0 ? names : Object.keys(inputs)).filter((name) => converts(inputs[name]));
    if (others.length === 0) return run(args, stock);
    const made: TensorInfo[] = [];
    try {
      const replaced = others.map((name) => {
        const tensor = castTo(args.backend as object, inputs[name]!, 'float32');
        made.push(tensor);
        return [name, tensor] as const;
      });
      return run({ ...args, inputs: { ...inputs, ...Object.fromEntries(replaced) } as typeof args.inputs }, stock);
    } finally {
      for (const { dataId } of made) (args.backend as WasmBackend).disposeData(dataId);
    }
  };
