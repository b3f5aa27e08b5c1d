import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { curvesOf } from './curves';
import { writePages } from './pages';
import { drawCurves } from './plots.mjs';
import { readResults } from './results';

/** Folder of the curves. */
export const PLOTS = join('docs', 'operations', 'performance');

/** Writes tables and curves of the documentation from the results that are there. */
export async function writeReport(root: string): Promise<void> {
  const results = readResults(root);
  writePages(root, results);
  rmSync(join(root, PLOTS), { recursive: true, force: true });
  await drawCurves(join(root, PLOTS), results.growthDigest, curvesOf(results));
}
