/** Charts as SVG text, drawn without a browser. Colours are CSS variables of the page, so that they follow light and dark. */
import * as echarts from 'echarts';
import { variantNames, type StepLine } from '../results/schema';
import type { Series } from './groups';
import { milliseconds, number } from './format';
import { variantLabels } from './tables';

/** The widths at which a page shows them: two curves side by side, bars over the whole column. */
const CURVES = 500;
const BARS = 1000;
const FONT = 'system-ui, sans-serif';
/** How many colours the page defines; later series begin again. */
const COLOURS = 7;

export const colour = (place: number): string => `var(--series-${(place % COLOURS) + 1})`;

const axis = {
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { color: 'var(--quiet)', fontSize: 12, fontFamily: FONT },
  nameTextStyle: { color: 'var(--quiet)', fontSize: 12, fontFamily: FONT },
  splitLine: { lineStyle: { color: 'var(--grid)', width: 1 } },
} as const;

/** The training loss: every step faintly, its moving average clearly. */
export function lossChart(series: readonly Series[]): string {
  return draw(CURVES, 280, {
    ...steps('step', { name: 'training loss', type: 'value', min: 0 }),
    series: series.flatMap(({ step, loss }, place) => [
      curve(step, loss, place, { width: 1, opacity: 0.25 }),
      curve(step, smooth(loss), place, { width: 2, opacity: 1 }),
    ]),
  });
}

/** The gradient norm before clipping, on a logarithmic scale, since explosions span decades. */
export function normChart(series: readonly Series[]): string {
  return draw(CURVES, 280, {
    ...steps('step', { name: 'gradient norm before clipping', type: 'log', axisLabel: { ...axis.axisLabel, formatter: (value: number) => number(value) } }),
    series: series.map(({ step, norm }, place) => curve(step, norm.map((value) => value || null), place, { width: 1.2, opacity: 0.85 })),
  });
}

/** Median milliseconds of a step by each variant, a group of bars for each backend and optimizer. */
export function stepChart(lines: readonly StepLine[]): string {
  const names = variantNames.filter((name) => lines.some((line) => line.milliseconds[name]));
  return draw(BARS, 60 + lines.length * (names.length * 20 + 18), {
    grid: { left: 8, right: 90, top: 8, bottom: 8, containLabel: true },
    xAxis: { ...axis, type: 'value', axisLabel: { ...axis.axisLabel, formatter: '{value} ms' } },
    yAxis: { ...axis, type: 'category', inverse: true, data: lines.map(({ backend, optimizer }) => `${optimizer}\n${backend}`), axisLabel: { ...axis.axisLabel, color: 'var(--ink)', lineHeight: 17 } },
    series: names.map((name) => ({
      type: 'bar' as const,
      name: variantLabels[name],
      barWidth: 14,
      barGap: '40%',
      itemStyle: { color: variantColour(name), borderRadius: [0, 3, 3, 0] },
      label: { show: true, position: 'right' as const, color: 'var(--ink)', fontSize: 12, fontFamily: FONT, formatter: ({ value }: { value?: unknown }) => milliseconds(value as number) },
      data: lines.map((line) => line.milliseconds[name]?.median ?? '-'),
    })),
  } as echarts.EChartsCoreOption);
}

/** A variant keeps its colour whichever others are shown. */
export const variantColour = (name: (typeof variantNames)[number]): string => colour(variantNames.indexOf(name));

function steps(name: string, vertical: object) {
  return {
    grid: { left: 8, right: 20, top: 34, bottom: 26, containLabel: true },
    xAxis: { ...axis, type: 'value' as const, name, nameLocation: 'middle' as const, nameGap: 26, min: 0, max: 'dataMax' as const, splitLine: { show: false } },
    yAxis: { ...axis, nameLocation: 'end' as const, nameTextStyle: { ...axis.nameTextStyle, align: 'left' as const }, ...vertical },
  };
}

function curve(step: readonly number[], values: readonly (number | null)[], place: number, line: { width: number; opacity: number }) {
  return {
    type: 'line' as const,
    showSymbol: false,
    connectNulls: false,
    lineStyle: { ...line, color: colour(place), join: 'round' as const },
    data: step.map((at, index) => [at, values[index] ?? '-']),
  };
}

/** Exponential moving average, corrected for its start; it stops where the loss is not finite. */
function smooth(values: readonly (number | null)[], decay = 0.9): (number | null)[] {
  let [average, weight] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    average = decay * average + (1 - decay) * value;
    weight = decay * weight + (1 - decay);
    return average / weight;
  });
}

function draw(width: number, height: number, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: 'transparent', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg
    // Inside a page an SVG needs no namespaces, and it scales with its column when only the view box has a size.
    .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/<svg width="\d+" height="\d+"/, '<svg role="img"')
    // What echarts adds for its own scripts, which a still picture does not have.
    .replace(/<style ?>[\s\S]*?<\/style>/g, '')
    .replace(/ (ecmeta_\w+|class|pointer-events|xml:space)="[^"]*"/g, '');
}
