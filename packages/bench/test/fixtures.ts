/** Result lines made up for the tests of files and reports. */
import { SCHEMA, type LayersLine, type SearchLine, type StepLine, type TrainLine } from '../src/results/schema';

const common = {
  schema: SCHEMA,
  backend: 'wasm',
  date: '2026-01-02T03:04:05.678Z',
  versions: { node: '20.0.0', '@tensorflow/tfjs-core': '4.22.0', '@clipkit/clip': '0.1.0' },
  machine: { processor: 'A processor', cores: 2, memoryGiB: 8, platform: 'linux x64' },
} as const;

/** A run of 100 steps whose norm spikes at every 25th. */
export function trainLine(changes: Partial<TrainLine> = {}): TrainLine {
  const step = Array.from({ length: 100 }, (_, place) => place);
  const norm = step.map((at) => (at % 25 === 24 ? 4000 : 1.5 + Math.sin(at)));
  return {
    ...common,
    command: 'train',
    model: 'mnistCnn', optimizer: 'adam({learningRate: 0.001})', clip: 'byGlobalNorm(1)', seed: 1, steps: 100, epochs: null, batch: 32, limit: null, examples: 60_000,
    corruption: null,
    loss: 0.25, testLoss: 0.2, testAccuracy: 0.9651, clipRate: 0.75, maxNorm: 4000, medianNorm: 1.5, nonFiniteSteps: 0,
    seconds: 5.25, testSeconds: 2, millisecondsPerStep: { median: 52, lower: 50, upper: 55 },
    curves: { step, loss: step.map((at) => 0.2 + 2 * Math.exp(-at / 20) + 0.1 * Math.cos(3 * at)), norm, clippedNorm: norm.map((each) => Math.min(1, each)) },
    ...changes,
  };
}

export function stepLine(changes: Partial<StepLine> = {}): StepLine {
  const spread = (median: number) => ({ median, lower: median * 0.95, upper: median * 1.08 });
  return {
    ...common,
    command: 'step',
    optimizer: 'adam', size: 'mnistCnn', parameters: 225_034, variables: 8, rounds: 120,
    milliseconds: { stock: spread(6), handwritten: spread(7.5), clip: spread(6.4), fused: spread(0.4), fusedUnclipped: spread(0.3), copy: spread(0.5) },
    speedup: spread(15), overCopy: spread(0.8),
    ratios: { stock: spread(0.8), handwritten: spread(1), clip: spread(0.85), fused: spread(0.053), fusedUnclipped: spread(0.04) },
    added: { handwritten: spread(1.5), clip: spread(0.4), ratio: 0.27 },
    memory: { early: { tensors: 120, bytes: 7_000_000 }, late: { tensors: 120, bytes: 7_000_000 } },
    ...changes,
  };
}

export function layersLine(changes: Partial<LayersLine> = {}): LayersLine {
  return {
    ...common,
    command: 'layers',
    layer: 'max pooling', kernel: 'MaxPoolGrad', shapes: 'dy 32 × 13 × 13 × 32', batch: 32, rounds: 34,
    milliseconds: { tfjs: { median: 28, lower: 27, upper: 30 }, ours: { median: 1.4, lower: 1.3, upper: 1.5 } },
    ratio: { median: 0.05, lower: 0.045, upper: 0.06 }, gflops: null, shareOfMatMul: null,
    ...changes,
  };
}

export function searchLine(threshold: number, losses: (number | null)[]): SearchLine {
  return {
    ...common,
    command: 'search',
    model: 'mnistCnn', optimizer: 'adam', clip: 'byGlobalNorm(?)', threshold, seed: 1, steps: 100, batch: 32, examples: 5000,
    folds: losses.map((loss) => ({ loss, accuracy: 0.9, clipRate: 0.5 })),
  };
}
