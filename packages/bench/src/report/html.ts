/** The report as one HTML file that stands alone: no scripts, no fonts, nothing from the network. */
import { variantNames, type ResultLine } from '../results/schema';
import { colour, lossChart, normChart, stepChart, variantColour } from './charts';
import { origins, plainTables, stepGroups, trainGroups, type Series, type StepGroup, type TrainGroup } from './groups';
import { style } from './style';
import { addedTable, speedTable, stepTable, trainTable, variantLabels, type Table } from './tables';

export function html(lines: readonly ResultLine[]): string {
  const sections = [
    ...trainGroups(lines).map(trainSection),
    ...stepGroups(lines).map(stepSection),
    ...plainTables(lines).map(({ title, table }) => section(title, [tableOf(table)])),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>clipkit benchmark</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>clipkit benchmark</h1>
<p class="lead">${escape(summary(lines))}</p>
${sections.join('\n')}
<footer>${origins(lines).map((origin) => `<p>Measured on ${escape(origin)}.</p>`).join('')}</footer>
</main>
</body>
</html>
`;
}

const kinds = { train: ['training run', 'training runs'], step: ['step timing', 'step timings'], layers: ['layer timing', 'layer timings'], search: ['searched threshold', 'searched thresholds'] } as const;

function summary(lines: readonly ResultLine[]): string {
  const parts = Object.entries(kinds).flatMap(([command, [one, many]]) => {
    const count = lines.filter((line) => line.command === command).length;
    return count ? [`${count} ${count === 1 ? one : many}`] : [];
  });
  return parts.join(', ') || 'No results.';
}

function trainSection({ title, runs, series }: TrainGroup): string {
  return section(title, [
    key(series.map(({ label }, place) => [label, colour(place)])),
    `<div class="charts">${figure(lossChart(series), 'Training loss over steps')}${figure(normChart(series), 'Gradient norm before clipping over steps', gaps(series))}</div>`,
    tableOf(trainTable(runs)),
  ]);
}

/** What a reader cannot see in a logarithmic chart. */
const gaps = (series: readonly Series[]): string =>
  (series.some(({ norm }) => norm.some((value) => !value)) ? 'Where a line is broken the gradient was exactly 0, or not finite.' : '');

function stepSection({ title, lines }: StepGroup): string {
  const shown = variantNames.filter((name) => lines.some((line) => line.milliseconds[name]));
  return section(`Step cost, ${title}`, [
    key(shown.map((name) => [variantLabels[name], variantColour(name)])),
    figure(stepChart(lines), 'Milliseconds a step by variant'),
    tableOf(stepTable(lines)),
    tableOf(addedTable(lines)),
    tableOf(speedTable(lines)),
  ]);
}

const section = (title: string, parts: string[]): string => `<section>\n<h2>${escape(title)}</h2>\n${parts.join('\n')}\n</section>`;
const figure = (svg: string, label: string, caption = ''): string =>
  `<figure aria-label="${escape(label)}">${svg}${caption && `<figcaption>${escape(caption)}</figcaption>`}</figure>`;
const key = (entries: (readonly [string, string])[]): string =>
  `<ul class="key">${entries.map(([label, mark]) => `<li><i style="--mark: ${mark}"></i>${escape(label)}</li>`).join('')}</ul>`;

function tableOf({ head, rows, text }: Table): string {
  const cells = (tag: 'th' | 'td', row: string[]) => `<tr>${row.map((cell, column) => `<${tag}${column < text ? ' class="text"' : ''}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table><thead>${cells('th', head)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table></div>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!);
