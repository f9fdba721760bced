/** The figures that lines hold, each under a name of its own: what charts over commits and comparisons are made of. Less is always better. */
import { variantNames, type ResultLine, type Spread } from '../results/schema';
import { variantLabels } from './tables';

export interface Figure {
  name: string;
  /** Milliseconds depend on the machine; ratios were taken within one run; errors are shares of test examples. */
  unit: 'ms' | 'ratio' | 'error';
  value: number;
  /** Quartiles of the samples, where there are any. */
  lower: number | null;
  upper: number | null;
  samples: number;
}

export function figures(line: ResultLine): Figure[] {
  switch (line.command) {
    case 'train': {
      const name = `train ${line.model} ${line.backend} ${line.optimizer} ${line.clip} ${line.steps} × ${line.batch}`;
      return [
        ...figure(`${name}: step`, 'ms', line.millisecondsPerStep, line.steps),
        ...figure(`${name}: test error`, 'error', line.testAccuracy === null ? null : { median: 1 - line.testAccuracy, lower: null, upper: null }, 1),
      ];
    }
    case 'step':
      return variantNames.filter((variant) => variant !== 'copy').flatMap((variant) => {
        const name = `step ${line.optimizer} ${line.backend} ${line.size}: ${variantLabels[variant]}`;
        const ratio = variant === 'handwritten' ? null : line.ratios[variant];
        return [...figure(name, 'ms', line.milliseconds[variant], line.rounds), ...figure(`${name} / hand-written`, 'ratio', ratio, line.rounds)];
      });
    case 'layers': {
      const name = `layer ${line.layer} ${line.backend}, batch ${line.batch}`;
      return [...figure(name, 'ms', line.milliseconds.ours, line.rounds), ...figure(`${name} / tfjs`, 'ratio', line.ratio, line.rounds)];
    }
    case 'search':
      return [];
  }
}

const figure = (name: string, unit: Figure['unit'], spread: Spread | null | undefined, samples: number): Figure[] =>
  (!spread || spread.median === null ? [] : [{ name, unit, value: Number(spread.median.toPrecision(6)), lower: spread.lower, upper: spread.upper, samples }]);
