// Draws curves as SVG files. Each begins with a digest of what it shows, so that a test can tell when it is old.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** @param {import('./plots.d.mts').Curve} curve */
async function draw({ title, x, y, log, points }) {
  const values = points.flatMap((point) => Object.entries(point.lines).map(([line, value]) => ({ x: point.x, y: value, line })));
  const several = new Set(values.map(({ line }) => line)).size > 1;
  const scale = (axis) => (log.includes(axis) ? { type: 'log' } : { zero: axis === 'y' });
  const spec = compile({
    width: 480, height: 260, background: 'white', title, data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x, scale: scale('x') },
      y: { field: 'y', type: 'quantitative', title: y, scale: scale('y') },
      ...(several ? { color: { field: 'line', type: 'nominal', title: null } } : {}),
    },
  }).spec;
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** Writes curves into a folder. */
export async function drawCurves(folder, digest, curves) {
  mkdirSync(folder, { recursive: true });
  for (const curve of curves) writeFileSync(join(folder, `${curve.name}.svg`), `<!-- ${digest} -->\n${await draw(curve)}\n`);
}
