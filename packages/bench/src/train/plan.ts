/** Which runs a command makes: all combinations of its lists, one shard of them, less those that are done. */
import { UsageError } from '../errors';
import type { ResultLine } from '../results/schema';
import type { TrainConfiguration } from './run';

type Lists = { [K in 'model' | 'backend' | 'optimizer' | 'clip' | 'seed']: readonly TrainConfiguration[K][] };

/** Every combination of the lists, seeds varying fastest. */
export function combinations(lists: Lists, rest: Omit<TrainConfiguration, keyof Lists>): TrainConfiguration[] {
  return lists.model.flatMap((model) => lists.backend.flatMap((backend) => lists.optimizer.flatMap((optimizer) =>
    lists.clip.flatMap((clip) => lists.seed.map((seed) => ({ model, backend, optimizer, clip, seed, ...rest }))))));
}

export interface Shard {
  index: number;
  count: number;
}

/** Parses `i/n`, i from 1 to n. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!index || !count || index > count) throw new UsageError(`[bench] --shard: expected i/n with 1 <= i <= n, got ${JSON.stringify(text)}`);
  return { index, count };
}

/** Every n-th configuration: shards differ in no more than one run. */
export const inShard = (all: readonly TrainConfiguration[], { index, count }: Shard): TrainConfiguration[] =>
  all.filter((_, place) => place % count === index - 1);

/** What makes two runs the same run. */
function identity({ model, backend, optimizer, clip, seed, batch, epochs, steps, limit, corruption }: TrainConfiguration): string {
  return JSON.stringify([model, backend, optimizer, clip, seed, batch, epochs, epochs === null ? steps : null, limit, corruption]);
}

/** The configurations that no line of the file stands for. */
export function notDone(all: readonly TrainConfiguration[], lines: readonly ResultLine[]): TrainConfiguration[] {
  const done = new Set(lines.flatMap((each) => (each.command === 'train' ? [identity(each)] : [])));
  return all.filter((each) => !done.has(identity(each)));
}
