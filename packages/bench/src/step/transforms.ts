/** Times fused optimizers that differ only in their transform, in turns, against plain byGlobalNorm(1). */
import { byGlobalNorm } from '@clipkit/clip';
import { randomNormal, tidy, variable, type Optimizer } from '@tensorflow/tfjs-core';
import { useBackend } from '../backends';
import { oneOf } from '../errors';
import { buildClip } from '../expressions/build';
import { format } from '../expressions/expression';
import { parseList } from '../expressions/parse';
import { optimizers } from '../expressions/registry';
import type { Spread } from '../results/schema';
import { spreadOf } from '../statistics';
import type { Size } from './sizes';
import { makeGradients } from './variants';

export interface TransformCost {
  readonly clip: string;
  readonly milliseconds: Spread;
  /** Against byGlobalNorm(1), round by round. */
  readonly ratio: Spread;
}

const BASE = 'byGlobalNorm(1)';
const WARM_UP = 5;
const FEWEST = 7;
const MOST = 1000;

/** One result per expression of the comma-separated list, byGlobalNorm(1) first. */
export async function measureTransforms({ backend, optimizer, size, clips, seconds }: { backend: string; optimizer: string; size: Size; clips: string; seconds: number }): Promise<TransformCost[]> {
  await useBackend(backend);
  const make = oneOf('optimizer', Object.fromEntries(optimizers), optimizer) as (options: object) => Optimizer;
  const expressions = parseList(clips);
  const gradients = makeGradients(size);
  const runs = [{ clip: BASE, transforms: [byGlobalNorm(1)] }, ...expressions.map((each) => ({ clip: format(each), transforms: buildClip(each) ?? [] }))].map(({ clip, transforms }, run) => {
    const variables = gradients.map(({ shape }, place) => tidy(() => variable(randomNormal(shape, 0, 0.05, 'float32', place + 1), true, `transform${run}/${place}/kernel`)));
    const given = gradients.map((tensor, place) => ({ name: variables[place]!.name, tensor }));
    return { clip, made: make({ clip: transforms }), variables, given, times: [] as number[] };
  });
  for (let round = -WARM_UP, began = performance.now(); round < FEWEST || (round < MOST && performance.now() - began < 1000 * seconds); round++) {
    if (round === 0) began = performance.now();
    for (const { made, given, times } of runs) {
      const start = performance.now();
      made.applyGradients(given as never);
      if (round >= 0) times.push(performance.now() - start);
    }
  }
  for (const { made, variables } of runs) {
    made.dispose();
    variables.forEach((each) => each.dispose());
  }
  gradients.forEach((each) => each.dispose());
  return runs.map(({ clip, times }) => ({ clip, milliseconds: spreadOf(times), ratio: spreadOf(times.map((value, round) => value / runs[0]!.times[round]!)) }));
}
