/** What commands show on the terminal: progress on stderr, tables on stdout. */
import { SingleBar } from 'cli-progress';
import CliTable from 'cli-table3';
import { number, percent } from './report/format';
import type { Table } from './report/tables';
import type { TrainProgress } from './train/run';

/** Without a terminal, a line of progress at most this often. */
const QUIET_MILLISECONDS = 10_000;

export interface Progress {
  update(step: number, text: string): void;
  stop(): void;
}

/** A bar that redraws itself; where stderr is no terminal, a line now and then. */
export function progress(title: string, total: number): Progress {
  if (!process.stderr.isTTY) {
    let [last, done] = [performance.now(), false];
    return {
      update(step, text) {
        if (done || (step !== total && performance.now() - last < QUIET_MILLISECONDS)) return;
        [last, done] = [performance.now(), step === total];
        process.stderr.write(`${title}  ${step}/${total}  ${text}\n`);
      },
      stop() {},
    };
  }
  const bar = new SingleBar({ format: `${title}  {bar} {value}/{total}  {text}`, barsize: 24, hideCursor: true, barCompleteChar: '█', barIncompleteChar: '░', fps: 10 });
  bar.start(total, 0, { text: '' });
  return { update: (step, text) => bar.update(step, { text }), stop: () => bar.stop() };
}

/** Loss, accuracy, norm, clip rate and the seconds left, of fixed width so that the bar does not jump. */
export function progressText({ loss, accuracy, norm, clipRate, secondsLeft }: TrainProgress): string {
  const parts = [`loss ${number(Number.isFinite(loss) ? Number(loss.toFixed(4)) : null).padEnd(6)}`];
  if (accuracy !== null) parts.push(`accuracy ${percent(accuracy).padStart(8)}`);
  parts.push(`norm ${number(Number.isFinite(norm) ? norm : null).padEnd(7)}`, `clipped ${percent(clipRate).padStart(8)}`, `${Math.ceil(secondsLeft)} s left`);
  return parts.join('  ');
}

/** The table with a border and without lines between its rows, numbers aligned right. */
export function printTable({ head, rows, text }: Table): void {
  const styled = process.stdout.isTTY;
  const table = new CliTable({
    head,
    colAligns: head.map((_, column) => (column < text ? 'left' : 'right')),
    style: { head: styled ? ['bold'] : [], border: styled ? ['gray'] : [], compact: true },
  });
  table.push(...rows);
  process.stdout.write(`${table.toString()}\n`);
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const warn = (text: string | null): void => void (text && process.stderr.write(`${text}\n`));
