import type { UsageSnapshot } from '@zae-limiter/client';
import { plot, type PlotConfig } from 'asciichart';
import type { Style } from '../../output/style.js';
import { count } from '../../output/text.js';

const HEIGHT = 10;
const MAX_POINTS = 60;
const GAP = 4;
const LABEL = 10;
/** In the order of asciichart: origin, axis, ends of a line, line, and its corners. */
const ASCII: PlotConfig['symbols'] = ['+', '|', '-', '-', '-', '\\', '/', '\\', '/', '|'];

interface Series {
  readonly title: string;
  /** Tokens per window, oldest first. */
  readonly values: readonly number[];
}

/** A chart of every limit and length of windows, two in a row where the terminal is wide enough. */
export function charts(snapshots: readonly UsageSnapshot[], style: Style): string[] {
  const drawn = seriesOf(snapshots).map((series) => drawChart(series, style));
  const lines: string[] = [];
  for (let at = 0; at < drawn.length; at++) {
    const [left, right] = [drawn[at]!, drawn[at + 1]];
    const paired = right !== undefined && Number.isFinite(style.width) && widthOf(left) + GAP + widthOf(right) <= style.width;
    if (paired) at++;
    lines.push(...(paired ? beside(left, right) : left), '');
  }
  return lines.slice(0, -1);
}

/** Adds up what entities and resources consumed in the same window. */
function seriesOf(snapshots: readonly UsageSnapshot[]): Series[] {
  const byTitle = new Map<string, Map<string, number>>();
  for (const { window, windowStart, counters } of snapshots) {
    for (const [name, tokens] of Object.entries(counters)) {
      const title = `${name} (${window})`;
      const series = byTitle.get(title) ?? new Map<string, number>();
      byTitle.set(title, series.set(windowStart, (series.get(windowStart) ?? 0) + tokens));
    }
  }
  return [...byTitle].sort(([a], [b]) => (a < b ? -1 : 1)).map(([title, series]) => {
    const points = [...series].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-MAX_POINTS);
    const cut = series.size > MAX_POINTS ? `, latest ${MAX_POINTS} of ${series.size}` : '';
    return { title: `${title}: ${points[0]![0]} to ${points.at(-1)![0]}${cut}`, values: points.map(([, tokens]) => tokens) };
  });
}

function drawChart({ title, values }: Series, { bold, unicode }: Style): string[] {
  // A single value would be no line.
  const shown = values.length === 1 ? [values[0]!, values[0]!] : [...values];
  const chart = plot(shown, {
    height: HEIGHT, min: Math.min(0, ...shown), max: Math.max(1, ...shown), format: (value: number) => count(Math.round(value)).padStart(LABEL),
    ...(!unicode && { symbols: ASCII }),
  });
  return [bold(title), ...chart.split('\n').map((line) => line.trimEnd())];
}

function beside(left: readonly string[], right: readonly string[]): string[] {
  const width = widthOf(left) + GAP;
  return left.map((line, at) => (right[at] === undefined ? line : `${line}${' '.repeat(width - lengthOf(line))}${right[at]}`));
}

const widthOf = (lines: readonly string[]): number => Math.max(...lines.map(lengthOf));

// eslint-disable-next-line no-control-regex
const lengthOf = (line: string): number => line.replace(/\u001b\[\d+m/g, '').length;
