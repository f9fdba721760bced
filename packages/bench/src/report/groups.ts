/** Sorts the lines of results files into what belongs in one chart and one table. */
import type { Corruption, ResultLine, StepLine, TrainLine } from '../results/schema';
import { spreadOf } from '../statistics';
import { thousands } from './format';
import { layersTable, searchTable, type Table } from './tables';

/** Runs of one model under the same conditions, to be compared with one another. */
export interface TrainGroup {
  title: string;
  runs: TrainLine[];
  series: Series[];
}

/** What differs between the runs of a group, seeds aside; several seeds are one series by their medians. */
export interface Series {
  label: string;
  runs: TrainLine[];
  step: number[];
  loss: (number | null)[];
  norm: (number | null)[];
}

/** Timings of one size of variables. */
export interface StepGroup {
  title: string;
  lines: StepLine[];
}

/** Items with equal keys together, in the order in which the keys first appear. */
function gather<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

export function trainGroups(lines: readonly ResultLine[]): TrainGroup[] {
  const runs = commandOf(lines, 'train');
  return gather(runs, ({ model, steps, batch, limit, corruption }) => JSON.stringify([model, steps, batch, limit, corruption])).map((group) => {
    const { model, steps, batch, corruption } = group[0]!;
    const varying = (['optimizer', 'clip', 'backend'] as const).filter((field) => new Set(group.map((run) => run[field])).size > 1);
    const label = (run: TrainLine) => (varying.length ? varying.map((field) => labelOf(field, run[field])).join(', ') : run.clip);
    return {
      title: `${model}: ${steps} steps of ${batch} examples${describe(corruption)}`,
      runs: group,
      series: gather(group, label).map((same) => series(label(same[0]!), same)),
    };
  });
}

const labelOf = (field: string, value: string): string => (field === 'clip' && value === 'none' ? 'no clipping' : value);

/** What is wrong with the data of such a run, in words. */
export const describe = (corruption: Corruption | null): string =>
  corruption ? `, inputs of every ${corruption.every}th batch × ${corruption.scale}` : '';

function series(label: string, runs: TrainLine[]): Series {
  const [first] = runs;
  const middle = (key: 'loss' | 'norm') => first!.curves.step.map((_, place) => {
    const values = runs.map((run) => run.curves[key][place] ?? null);
    return values.includes(null) ? null : spreadOf(values as number[]).median;
  });
  return { label, runs, step: first!.curves.step, loss: middle('loss'), norm: middle('norm') };
}

export function stepGroups(lines: readonly ResultLine[]): StepGroup[] {
  const timed = commandOf(lines, 'step');
  return gather(timed, ({ size, parameters, variables }) => JSON.stringify([size, parameters, variables])).map((group) => {
    const { size, parameters, variables } = group[0]!;
    return { title: `${size}: ${thousands(parameters)} parameters in ${variables} variables`, lines: group };
  });
}

const commandOf = <C extends ResultLine['command']>(lines: readonly ResultLine[], command: C) =>
  lines.filter((line): line is Extract<ResultLine, { command: C }> => line.command === command);

/** What is shown as tables alone. */
export function plainTables(lines: readonly ResultLine[]): { title: string; table: Table }[] {
  const [layers, searches] = [commandOf(lines, 'layers'), commandOf(lines, 'search')];
  return [
    ...(layers.length ? [{ title: 'Layer gradients', table: layersTable(layers) }] : []),
    ...(searches.length ? [{ title: 'Threshold search by cross-validation', table: searchTable(searches) }] : []),
  ];
}

/** The machines and versions behind the lines, each told once. */
export function origins(lines: readonly ResultLine[]): string[] {
  return [...new Set(lines.map(({ machine, versions }) => {
    const own = versions['@clipkit/clip'];
    return `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${versions['node']}, tfjs ${versions['@tensorflow/tfjs-core']}, clipkit ${own}`;
  }))];
}
