// Draws the curves of a result as SVG files. Each begins with a digest of what it shows, so that a test can tell when it is old.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

const FIGURES = [['p50Ms', 'median'], ['p99Ms', '99th percentile']];

/**
 * Draws time over one thing that grows, a line for the median and one for the 99th percentile.
 *
 * @param {{ x: number, [figure: string]: number | string }[]} points
 */
async function draw(points, { title, x, log, series }) {
  const values = points.flatMap((point) => FIGURES.map(([figure, label]) => ({
    x: point.x, ms: point[figure], line: [point.series, label].filter(Boolean).join(', '),
  })));
  const spec = compile({
    width: 480, height: 260, background: 'white', title, data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x, scale: log ? { type: 'log' } : { zero: false } },
      y: { field: 'ms', type: 'quantitative', title: 'milliseconds', scale: { type: 'log' } },
      color: { field: 'line', type: 'nominal', title: series ?? null },
    },
  }).spec;
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** Writes the curves of bench/results/growth.json into a folder. */
export async function drawGrowth(folder, digest, { keys, limits, callers }) {
  const curves = {
    keys: await draw(keys, { title: 'Time of a request, 16 callers', x: 'keys in use', log: true }),
    limits: await draw(limits, { title: 'Time of a request, one caller', x: 'limits of the bucket' }),
    callers: await draw(callers, { title: 'Time of a request', x: 'callers', log: true, series: 'keys' }),
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(curves)) writeFileSync(join(folder, `${name}.svg`), `<!-- ${digest} -->\n${svg}\n`);
}
