/** Runs one training configuration and returns its line for the results file. */
import type { ClipkitOptimizer } from '@clipkit/core';
import { batches, catalogue, type CatalogueEntry, type Examples, type Source } from '@clipkit/models';
import { mul, tidy, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { useTrainingBackend } from '../backends';
import { environment } from '../environment';
import { oneOf } from '../errors';
import { buildOptimizer } from '../expressions/build';
import { parse } from '../expressions/parse';
import { SCHEMA, type Corruption, type TrainLine } from '../results/schema';
import { finite, round, spreadOf } from '../statistics';
import { mean, thin } from './curves';

export interface TrainConfiguration {
  model: string;
  backend: string;
  /** Expressions in their canonical spelling. */
  optimizer: string;
  clip: string;
  seed: number;
  batch: number;
  /** One of both. */
  steps: number | null;
  epochs: number | null;
  /** At most this many training examples; null for all. */
  limit: number | null;
  corruption: Corruption | null;
}

export interface TrainProgress {
  step: number;
  steps: number;
  loss: number;
  accuracy: number | null;
  norm: number;
  clipRate: number;
  secondsLeft: number;
}

export interface TrainHooks {
  onStep?(progress: TrainProgress): void;
  /** Where data files are; default the installed packages. */
  source?: Source;
  /** At most this many test examples. */
  testLimit?: number;
}

/** Steps whose mean loss stands for the end of a run. */
const LAST = 20;
/** Large enough to be fast, small enough for any heap. */
const TEST_BATCH = 500;

/** Hands out the examples of a split; whoever asks disposes of them. */
export type Data = (split: 'train' | 'test') => Promise<Examples>;

/** Trains a model of the catalogue from its seed and tests it. Everything but the times follows from the configuration. */
export async function train(configuration: TrainConfiguration, hooks: TrainHooks = {}): Promise<TrainLine> {
  const { limit, seed } = configuration;
  const { source, testLimit = null } = hooks;
  const entry = oneOf<CatalogueEntry>('model', catalogue, configuration.model);
  return trainOn(configuration, (split) => {
    const most = split === 'train' ? limit : testLimit;
    return entry.data({ split, seed, ...(most !== null && { limit: most }), ...(source !== undefined && { source }) });
  }, hooks);
}

/** The same on data of the caller's. */
export async function trainOn(configuration: TrainConfiguration, data: Data, { onStep }: Pick<TrainHooks, 'onStep'> = {}): Promise<TrainLine> {
  const { backend, optimizer, clip, seed, batch, corruption } = configuration;
  await useTrainingBackend(backend);
  const entry = oneOf<CatalogueEntry>('model', catalogue, configuration.model);
  const observed = buildOptimizer(parse(optimizer), parse(clip));
  // Norms are wanted of every step, the first and the unclipped ones included.
  observed.observe();
  const model = entry.model({ seed });
  model.compile({ optimizer: observed, loss: entry.loss, metrics: entry.metric ? [entry.metric] : [] });

  const examples = await data('train');
  const count = examples.xs.shape[0]!;
  const steps = configuration.steps ?? Math.ceil(((configuration.epochs ?? 1) * count) / batch);
  const run = await runSteps(model, observed, examples, { steps, batch, seed, corruption }, onStep);
  dispose(examples);
  const test = await data('test');
  const tested = await evaluate(model, test);
  dispose(test);
  model.dispose();
  observed.dispose();

  const sane = run.norm.filter(Number.isFinite);
  return {
    schema: SCHEMA,
    command: 'train',
    ...configuration,
    steps,
    examples: count,
    loss: finite(round(mean(run.loss.slice(-LAST)))),
    testLoss: finite(round(tested.loss)),
    testAccuracy: tested.accuracy === null ? null : finite(round(tested.accuracy)),
    clipRate: round(run.clippedSteps / steps),
    maxNorm: sane.length ? round(Math.max(...sane)) : null,
    medianNorm: spreadOf(sane).median,
    nonFiniteSteps: run.norm.length - sane.length,
    seconds: round(run.milliseconds.reduce((sum, each) => sum + each, 0) / 1000),
    testSeconds: round(tested.seconds),
    millisecondsPerStep: spreadOf(run.milliseconds),
    curves: thin(run),
    date: new Date().toISOString(),
    ...environment(),
  };
}

interface Run {
  loss: number[];
  norm: number[];
  clippedNorm: number[];
  milliseconds: number[];
  clippedSteps: number;
}

async function runSteps(
  model: LayersModel,
  optimizer: ClipkitOptimizer,
  examples: Examples,
  { steps, batch, seed, corruption }: { steps: number; batch: number; seed: number; corruption: Corruption | null },
  onStep?: (progress: TrainProgress) => void,
): Promise<Run> {
  const run: Run = { loss: [], norm: [], clippedNorm: [], milliseconds: [], clippedSteps: 0 };
  const began = performance.now();
  const walk = batches(examples, { batch, seed, epochs: Infinity });
  for (let step = 1; step <= steps; step++) {
    const given = spoil(walk.next().value as Examples, corruption !== null && step % corruption.every === 0 ? corruption.scale : 1);
    const start = performance.now();
    const [loss = NaN, accuracy = null] = ([] as (number | null)[]).concat(await model.trainOnBatch(given.xs, given.ys)) as [number, number?];
    run.milliseconds.push(performance.now() - start);
    dispose(given);

    const { norm, clippedNorm, clipped } = await optimizer.report();
    run.loss.push(loss);
    run.norm.push(norm);
    run.clippedNorm.push(clippedNorm);
    run.clippedSteps += Number(clipped);
    const secondsLeft = ((performance.now() - began) / 1000 / step) * (steps - step);
    onStep?.({ step, steps, loss, accuracy, norm, clipRate: run.clippedSteps / step, secondsLeft });
  }
  return run;
}

/** The batch with its inputs multiplied, as data of another unit would be. */
function spoil(given: Examples, scale: number): Examples {
  if (scale === 1) return given;
  const xs = tidy(() => mul(given.xs, scale));
  given.xs.dispose();
  return { xs, ys: given.ys };
}

async function evaluate(model: LayersModel, test: Examples): Promise<{ loss: number; accuracy: number | null; seconds: number }> {
  const start = performance.now();
  const results = ([] as Scalar[]).concat(model.evaluate(test.xs, test.ys, { batchSize: TEST_BATCH }));
  const [loss = NaN, accuracy = null] = await Promise.all(results.map(async (result) => (await result.data())[0]!)) as [number, number?];
  results.forEach((result) => result.dispose());
  return { loss, accuracy, seconds: (performance.now() - start) / 1000 };
}

const dispose = ({ xs, ys }: { xs: Tensor; ys: Tensor }): void => {
  xs.dispose();
  ys.dispose();
};
