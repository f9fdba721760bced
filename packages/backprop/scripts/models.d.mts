/** Types of models.mjs. */
import type { LayersModel } from '@tensorflow/tfjs-layers';

export const steps: number;
export type ModelName = 'mnistCnn' | 'depthwise';
export const models: Record<ModelName, { batch: number; imageShape: [number, number, number]; build(): LayersModel }>;
export function losses(name: ModelName): number[];
