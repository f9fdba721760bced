/** The tables of a report as rows of text: the terminal, Markdown and HTML all show the same ones. */
import { variantNames, type LayersLine, type SearchLine, type Spread, type StepLine, type TrainLine, type VariantName } from '../results/schema';
import { meanOf } from '../statistics';
import * as show from './format';

export interface Table {
  head: string[];
  rows: string[][];
  /** Columns that hold text; the rest are numbers, aligned right. */
  text: number;
}

/** One row a run: what was asked, what came out. The model is told where there are several. */
export function trainTable(runs: readonly TrainLine[]): Table {
  const several = new Set(runs.map(({ model }) => model)).size > 1;
  return {
    head: [...(several ? ['model'] : []), 'optimizer', 'clip', 'backend', 'seed', 'loss', 'test accuracy', 'clip rate', 'largest norm', 'not finite', 'seconds'],
    text: several ? 4 : 3,
    rows: runs.map((run) => [
      ...(several ? [run.model] : []), run.optimizer, run.clip, run.backend, String(run.seed), show.number(run.loss), show.accuracy(run.testAccuracy),
      show.percent(run.clipRate), show.number(run.maxNorm), run.nonFiniteSteps ? `${run.nonFiniteSteps} steps` : '–', show.seconds(run.seconds),
    ]),
  };
}

/** How the variants are called in tables and charts. */
export const variantLabels: Record<VariantName, string> = {
  stock: 'tf.train, not clipped',
  handwritten: 'tf.train + hand-written clipping',
  clipGradients: 'tf.train + clipGradients()',
  clip: 'clip(tf.train)',
  fused: 'fused, clipped',
  fusedUnclipped: 'fused, not clipped',
  copy: 'TypedArray.set of the bytes that fused, clipped moves',
};

/** One row a variant: median with quartiles, and the ratio to hand-written clipping. */
export function stepTable(lines: readonly StepLine[]): Table {
  return {
    head: ['optimizer', 'backend', 'step', 'median', 'quartiles', 'ratio', 'quartiles'],
    text: 3,
    rows: lines.flatMap((line) => variantNames.flatMap((name) => {
      const [time, ratio] = [line.milliseconds[name], line.ratios[name]];
      if (!time || !ratio) return [];
      return [[
        line.optimizer, line.backend, variantLabels[name], ...withQuartiles(time),
        show.ratio(ratio.median), `${show.ratio(ratio.lower)} – ${show.ratio(ratio.upper)}`,
      ]];
    })),
  };
}

/** Median and quartiles as two cells. */
const withQuartiles = ({ median, lower, upper }: Spread): string[] => [show.milliseconds(median), `${show.milliseconds(lower)} – ${show.milliseconds(upper)}`];

const UNKNOWN = ['–', '–'];

/** What clipping adds to a stock step, and whether memory stayed flat. */
export function addedTable(lines: readonly StepLine[]): Table {
  return {
    head: ['optimizer', 'backend', 'added by hand', 'quartiles', 'added by clipGradients()', 'quartiles', 'added by clip()', 'quartiles', 'ratio', 'tensors after step 10', 'at the end', 'rounds'],
    text: 2,
    rows: lines.map(({ optimizer, backend, added, memory, rounds }) => [
      optimizer, backend,
      ...(added ? withQuartiles(added.handwritten) : UNKNOWN),
      ...(added?.clipGradients ? withQuartiles(added.clipGradients) : UNKNOWN),
      ...(added ? [...withQuartiles(added.clip), show.ratio(added.ratio)] : [...UNKNOWN, '–']),
      String(memory.early.tensors), String(memory.late.tensors), String(rounds),
    ]),
  };
}

/** How the fused step with clipping stands against tfjs's without, and against moving its bytes. */
export function speedTable(lines: readonly StepLine[]): Table {
  const cells = (spread: Spread | null): string[] => (spread ? [show.ratio(spread.median), `${show.ratio(spread.lower)} – ${show.ratio(spread.upper)}`] : ['–', '–']);
  return {
    head: ['optimizer', 'backend', 'tf.train, not clipped / fused, clipped', 'quartiles', 'fused, clipped / TypedArray.set', 'quartiles'],
    text: 2,
    rows: lines.map(({ optimizer, backend, speedup, overCopy }) => [optimizer, backend, ...cells(speedup), ...cells(overCopy)]),
  };
}

/** One row a layer gradient. */
export function layersTable(lines: readonly LayersLine[]): Table {
  return {
    head: ['layer', 'shapes', 'backend', 'tfjs', 'clipkit', 'ratio', 'quartiles', 'GFLOP/s', 'of matMul', 'rounds'],
    text: 3,
    rows: lines.map(({ layer, shapes, backend, milliseconds, ratio, gflops, shareOfMatMul, rounds }) => [
      layer, shapes, backend, milliseconds.tfjs ? show.milliseconds(milliseconds.tfjs.median) : 'missing', show.milliseconds(milliseconds.ours.median),
      ratio ? show.ratio(ratio.median) : '–', ratio ? `${show.ratio(ratio.lower)} – ${show.ratio(ratio.upper)}` : '–',
      gflops === null ? '–' : show.number(gflops), shareOfMatMul === null ? '–' : show.percent(shareOfMatMul), String(rounds),
    ]),
  };
}

/** One row a threshold: mean and standard error over the folds. */
export function searchTable(lines: readonly SearchLine[]): Table {
  return {
    head: ['model', 'clip', 'threshold', 'validation loss', 'accuracy', 'clip rate', 'folds'],
    text: 2,
    rows: lines.map(({ model, clip, threshold, folds }) => {
      const of = (key: 'loss' | 'accuracy' | 'clipRate') => meanOf(folds.map((fold) => fold[key]));
      const accuracy = of('accuracy');
      return [
        model, clip, show.number(threshold), show.plusMinus(of('loss'), show.number), accuracy.mean === null ? '–' : show.plusMinus(accuracy, show.percent),
        show.percent(of('clipRate').mean!), String(folds.length),
      ];
    }),
  };
}
