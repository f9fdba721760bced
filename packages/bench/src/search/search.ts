/** Chooses a clipping threshold by k-fold cross-validation over a grid. */
import { catalogue, uniform, type CatalogueEntry, type Examples, type Source } from '@clipkit/models';
import { gather, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { useTrainingBackend } from '../backends';
import { environment } from '../environment';
import { UsageError, oneOf } from '../errors';
import { SCHEMA, type SearchLine } from '../results/schema';
import { meanOf } from '../statistics';
import { trainOn, type TrainProgress } from '../train/run';

export interface SearchConfiguration {
  model: string;
  backend: string;
  optimizer: string;
  /** The transform with a ? in the place of the threshold. */
  clip: string;
  grid: readonly number[];
  folds: number;
  seed: number;
  steps: number;
  batch: number;
  /** Training examples to share among the folds; null for all. */
  limit: number | null;
}

export interface SearchHooks {
  onStep?(fold: { threshold: number; run: number; runs: number }, progress: TrainProgress): void;
  onThreshold?(line: SearchLine): void | Promise<void>;
  source?: Source;
}

/** The expression with a threshold in the place of each ?. */
export function withThreshold(clip: string, threshold: number): string {
  if (!clip.includes('?')) throw new UsageError(`[bench] search: expected a ? in the place of the threshold, such as byGlobalNorm(?), got ${JSON.stringify(clip)}`);
  return clip.replaceAll('?', String(threshold));
}

/** Places of the examples of each fold, shuffled by the seed. */
export function foldsOf(count: number, folds: number, seed: number): number[][] {
  if (!Number.isSafeInteger(folds) || folds < 2 || folds > count) throw new UsageError(`[bench] search: expected 2 to ${count} folds for ${count} examples, got ${folds}`);
  const random = uniform(seed);
  const keys = Array.from({ length: count }, random);
  const order = keys.map((_, place) => place).sort((first, second) => keys[first]! - keys[second]!);
  return Array.from({ length: folds }, (_, fold) => order.filter((__, place) => place % folds === fold));
}

/** A line a threshold, in the grid's order. Every run starts from the same weights, and all thresholds see the same folds. */
export async function search(configuration: SearchConfiguration, hooks: SearchHooks = {}): Promise<SearchLine[]> {
  const { grid, folds: count, clip, seed, limit, ...rest } = configuration;
  await useTrainingBackend(rest.backend);
  const entry = oneOf<CatalogueEntry>('model', catalogue, rest.model);
  const all = await entry.data({ split: 'train', seed, ...(limit !== null && { limit }), ...(hooks.source !== undefined && { source: hooks.source }) });
  try {
    const folds = foldsOf(all.xs.shape[0]!, count, seed);
    const lines: SearchLine[] = [];
    for (const [index, threshold] of grid.entries()) {
      const results: SearchLine['folds'] = [];
      for (const [fold, held] of folds.entries()) {
        const kept = folds.flatMap((places, other) => (other === fold ? [] : places));
        const line = await trainOn(
          { ...rest, clip: withThreshold(clip, threshold), seed, epochs: null, limit, corruption: null },
          async (split) => pick(all, split === 'train' ? kept : held),
          { onStep: (progress) => hooks.onStep?.({ threshold, run: index * count + fold + 1, runs: grid.length * count }, progress) },
        );
        results.push({ loss: line.testLoss, accuracy: line.testAccuracy, clipRate: line.clipRate });
      }
      const line: SearchLine = { schema: SCHEMA, command: 'search', ...rest, clip, threshold, seed, examples: all.xs.shape[0]!, folds: results, date: new Date().toISOString(), ...environment() };
      lines.push(line);
      await hooks.onThreshold?.(line);
    }
    return lines;
  } finally {
    all.xs.dispose();
    all.ys.dispose();
  }
}

const lossOf = (line: SearchLine) => meanOf(line.folds.map(({ loss }) => loss));

/** The threshold of the least mean validation loss; one whose loss was not finite on some fold is out. Null where all are. */
export function best(lines: readonly SearchLine[]): SearchLine | null {
  const kept = lines.filter((line) => lossOf(line).mean !== null);
  return kept.sort((first, second) => lossOf(first).mean! - lossOf(second).mean!)[0] ?? null;
}

/** Other thresholds whose mean loss is within one standard error of the best one's. */
export function asGood(lines: readonly SearchLine[], chosen: SearchLine): SearchLine[] {
  const { mean, error } = lossOf(chosen);
  return lines.filter((line) => line !== chosen && lossOf(line).mean !== null && lossOf(line).mean! <= mean! + (error ?? 0));
}

function pick({ xs, ys }: Examples, places: readonly number[]): Examples {
  return tidy(() => {
    const indices = tensor1d([...places], 'int32');
    return { xs: gather(xs, indices), ys: gather(ys, indices) };
  });
}
