/** What a line of a results file holds; JSON has no NaN and no Infinity, so that null stands for "not finite". */
import * as v from 'valibot';

/** Raised whenever a line's meaning changes. */
export const SCHEMA = 1;

const measured = v.nullable(v.number());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const common = {
  schema: v.literal(SCHEMA),
  backend: v.string(),
  /** When the run ended, ISO 8601. */
  date: v.pipe(v.string(), v.isoTimestamp()),
  versions: v.record(v.string(), v.string()),
  machine: v.object({ processor: v.string(), cores: count, memoryGiB: count, platform: v.string() }),
};

/** Median and quartiles, in milliseconds unless said otherwise. */
export const spread = v.object({ median: measured, lower: measured, upper: measured });

/** Batches that arrive wrong: every `every`-th one multiplied by `scale`. */
export const corruption = v.object({ every: v.pipe(v.number(), v.integer(), v.minValue(1)), scale: v.number() });

/**
 * One point a step, or one for several when there are many steps: then `step` (from 1) is their first, `loss` their mean, and the norms are
 * the largest, so that no spike is lost.
 */
export const curves = v.object({
  step: v.array(count),
  loss: v.array(measured),
  norm: v.array(measured),
  clippedNorm: v.array(measured),
});

export const trainLine = v.object({
  ...common,
  command: v.literal('train'),
  model: v.string(),
  optimizer: v.string(),
  clip: v.string(),
  seed: v.number(),
  steps: count,
  /** Epochs that were asked for; null when steps were. */
  epochs: v.nullable(v.number()),
  batch: count,
  /** The most training examples that were allowed, null for no limit, and how many there were. */
  limit: v.nullable(count),
  examples: count,
  corruption: v.nullable(corruption),
  /** Mean training loss over the last 20 steps. */
  loss: measured,
  testLoss: measured,
  /** Share of test examples classified rightly; null where the model has no classes. */
  testAccuracy: measured,
  /** Share of all steps whose gradient was changed. */
  clipRate: v.number(),
  /** Largest gradient norm before clipping among the finite ones, and the median. */
  maxNorm: measured,
  medianNorm: measured,
  /** Steps whose gradient held NaN or an infinity. */
  nonFiniteSteps: count,
  /** Training alone: neither data, nor reading norms, nor the test. */
  seconds: v.number(),
  testSeconds: v.number(),
  millisecondsPerStep: spread,
  curves,
});

/** The ways of taking a step that are compared. */
export const variantNames = ['stock', 'handwritten', 'clipGradients', 'clip', 'fused', 'fusedUnclipped', 'copy'] as const;

export const stepLine = v.object({
  ...common,
  command: v.literal('step'),
  optimizer: v.string(),
  /** Name of the set of variables, such as mnistCnn. */
  size: v.string(),
  parameters: count,
  variables: count,
  rounds: count,
  milliseconds: v.partial(v.object(v.entriesFromList(variantNames, spread))),
  /** Each against `handwritten` (where tfjs has no such optimizer, against `fusedUnclipped`): spread of the rounds' own ratios. */
  ratios: v.partial(v.object(v.entriesFromList(variantNames, spread))),
  /** What clipping adds to a stock step: medians of the rounds' differences, and clip against handwritten. Older files lack clipGradients. */
  added: v.nullable(v.object({ handwritten: spread, clipGradients: v.optional(spread), clip: spread, ratio: measured })),
  /** How many times faster the fused step with clipping is than tfjs's without; absent where tfjs has no such optimizer. */
  speedup: v.optional(v.nullable(spread), null),
  /** The fused step with clipping against the time in which TypedArray.set moves the bytes that it must move. */
  overCopy: v.optional(v.nullable(spread), null),
  /** tf.memory() after step 10 and after the last step; equal where nothing leaks. */
  memory: v.object({ early: v.object({ tensors: count, bytes: count }), late: v.object({ tensors: count, bytes: count }) }),
});

export const layersLine = v.object({
  ...common,
  command: v.literal('layers'),
  layer: v.string(),
  kernel: v.string(),
  shapes: v.string(),
  batch: count,
  rounds: count,
  /** tfjs is null where it has no such kernel. */
  milliseconds: v.object({ tfjs: v.nullable(spread), ours: spread }),
  /** Ours against tfjs's. */
  ratio: v.nullable(spread),
  /** Billions of operations a second, and their share of what tfjs's own matMul reaches; null where memory is the work. */
  gflops: v.optional(v.nullable(v.number()), null),
  shareOfMatMul: v.optional(v.nullable(v.number()), null),
});

export const searchLine = v.object({
  ...common,
  command: v.literal('search'),
  model: v.string(),
  optimizer: v.string(),
  /** The transform with a ? in the place of the threshold. */
  clip: v.string(),
  threshold: v.number(),
  seed: v.number(),
  steps: count,
  batch: count,
  examples: count,
  /** Loss, accuracy and clip rate on each held-out fold. */
  folds: v.array(v.object({ loss: measured, accuracy: measured, clipRate: v.number() })),
});

export const line = v.variant('command', [trainLine, stepLine, layersLine, searchLine]);

export type Spread = v.InferOutput<typeof spread>;
export type Corruption = v.InferOutput<typeof corruption>;
export type Curves = v.InferOutput<typeof curves>;
export type TrainLine = v.InferOutput<typeof trainLine>;
export type StepLine = v.InferOutput<typeof stepLine>;
export type LayersLine = v.InferOutput<typeof layersLine>;
export type SearchLine = v.InferOutput<typeof searchLine>;
export type ResultLine = v.InferOutput<typeof line>;
export type VariantName = (typeof variantNames)[number];
