/** Times the variants of one optimizer on one size: interleaved rounds A B C … A B C …, so that all meet the same weather. */
import { memory } from '@tensorflow/tfjs-core';
import { registerBackprop } from '@clipkit/backprop';
import { useBackend } from '../backends';
import { environment } from '../environment';
import { SCHEMA, type Spread, type StepLine, type VariantName } from '../results/schema';
import { round, spreadOf } from '../statistics';
import { elements, type Size } from './sizes';
import { makeGradients, makeVariants, type Variant } from './variants';

export interface StepConfiguration {
  backend: string;
  optimizer: string;
  size: Size;
  /** Seconds to spend on timed rounds. */
  seconds: number;
}

const WARM_UP = 5;
const FEWEST = 7;
const MOST = 1000;
const EARLY = 10;

/** Measures one optimizer step by every variant; the first rounds are not counted. */
export async function measureStep({ backend, optimizer, size, seconds }: StepConfiguration, onRound?: (share: number) => void): Promise<StepLine> {
  await useBackend(backend);
  // The stock steps are to be tfjs's own, and @clipkit/backprop has some of their kernels too.
  if (backend === 'wasm' || backend === 'cpu') registerBackprop({ backend }).undo();
  const synchronous = backend === 'wasm' || backend === 'cpu';
  const gradients = makeGradients(size);
  const variants = makeVariants(optimizer, gradients, synchronous);
  const times = new Map(variants.map(({ name }): [VariantName, number[]] => [name, []]));

  for (let warm = 0; warm < WARM_UP; warm++) for (const variant of variants) await time(variant, synchronous);
  let early = usage();
  let rounds = 0;
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000 / seconds;
  while (rounds < FEWEST || (rounds < MOST && spent() < 1)) {
    for (const variant of variants) times.get(variant.name)!.push(await time(variant, synchronous));
    rounds++;
    if (rounds + WARM_UP === EARLY) early = usage();
    onRound?.(Math.min(1, Math.max(spent(), rounds / MOST)));
  }
  const late = usage();
  variants.forEach((variant) => variant.dispose());
  gradients.forEach((gradient) => gradient.dispose());

  return {
    schema: SCHEMA,
    command: 'step',
    backend,
    optimizer,
    size: size.name,
    parameters: size.shapes.reduce((total, shape) => total + elements(shape), 0),
    variables: size.shapes.length,
    rounds,
    milliseconds: Object.fromEntries([...times].map(([name, each]) => [name, spreadOf(each)])),
    ratios: ratiosOf(times),
    added: addedOf(times),
    speedup: quotient(times, 'stock', 'fused'),
    overCopy: quotient(times, 'fused', 'copy'),
    memory: { early, late },
    date: new Date().toISOString(),
    ...environment(),
  };
}

async function time({ step, witness }: Variant, synchronous: boolean): Promise<number> {
  const start = performance.now();
  step();
  if (!synchronous) await witness?.data();
  return performance.now() - start;
}

const usage = () => {
  const { numTensors, numBytes } = memory();
  return { tensors: numTensors, bytes: numBytes };
};

type Times = ReadonlyMap<VariantName, readonly number[]>;

/** Each variant against hand-written clipping where there is one, else against the first, round by round. */
function ratiosOf(times: Times): Partial<Record<VariantName, Spread>> {
  const base = times.get('handwritten') ?? times.get('fusedUnclipped')!;
  return Object.fromEntries([...times].map(([name, each]) => [name, spreadOf(each.map((value, index) => value / base[index]!))]));
}

/** One variant's time by another's, round by round; null where one of them was not taken. */
function quotient(times: Times, over: VariantName, under: VariantName): Spread | null {
  const [above, below] = [times.get(over), times.get(under)];
  return above && below ? spreadOf(above.map((value, index) => value / below[index]!)) : null;
}

/** What clipping costs on top of the stock step: by hand, by clipGradients(), and by clip(). */
function addedOf(times: Times): StepLine['added'] {
  const [stock, handwritten, clipGradients, clip] = (['stock', 'handwritten', 'clipGradients', 'clip'] as const).map((name) => times.get(name));
  if (!stock || !handwritten || !clipGradients || !clip) return null;
  const over = (values: readonly number[]) => spreadOf(values.map((value, index) => value - stock[index]!));
  const added = { handwritten: over(handwritten), clipGradients: over(clipGradients), clip: over(clip) };
  const ratio = added.clip.median! / added.handwritten.median!;
  return { ...added, ratio: Number.isFinite(ratio) ? round(ratio) : null };
}
