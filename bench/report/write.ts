import { join } from 'node:path';
import type { Measured } from '../rounds';
import { writePages } from './pages';
import { drawGrowth } from './plots.mjs';
import { middle, readResults } from './results';

/** Folder of the curves. */
export const PLOTS = join('docs', 'operations', 'performance');

/** Writes tables and curves of the documentation from the results that are there. */
export async function writeReport(root: string): Promise<void> {
  const results = readResults(root);
  writePages(root, results);
  const points = (measured: readonly Measured[], x: (one: Measured) => number, series?: (one: Measured) => string) =>
    measured.map((one) => ({ x: x(one), p50Ms: middle(one, 'p50Ms'), p99Ms: middle(one, 'p99Ms'), series: series?.(one) }));
  const { keys, limits, callers } = results.growth;
  await drawGrowth(join(root, PLOTS), results.growthDigest, {
    keys: points(keys, (one) => Number(one.keys)),
    limits: points(limits, (one) => one.limits!),
    callers: points(callers, (one) => one.callers, (one) => `${one.keys} ${one.keys === 1 ? 'key' : 'keys'}`),
  });
}
