/** The report as Markdown. */
import type { ResultLine } from '../results/schema';
import { origins, plainTables, stepGroups, trainGroups } from './groups';
import { addedTable, speedTable, stepTable, trainTable, type Table } from './tables';

export function markdown(lines: readonly ResultLine[]): string {
  const sections = [
    ...trainGroups(lines).flatMap(({ title, runs }) => [`## ${title}`, tableOf(trainTable(runs))]),
    ...stepGroups(lines).flatMap(({ title, lines: group }) => [`## Step cost, ${title}`, tableOf(stepTable(group)), tableOf(addedTable(group)), tableOf(speedTable(group))]),
    ...plainTables(lines).flatMap(({ title, table }) => [`## ${title}`, tableOf(table)]),
  ];
  return `${['# clipkit benchmark', ...sections, ...origins(lines).map((origin) => `Measured on ${origin}.`)].join('\n\n')}\n`;
}

function tableOf({ head, rows, text }: Table): string {
  const row = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), row(head.map((_, column) => (column < text ? '---' : '---:'))), ...rows.map(row)].join('\n');
}
