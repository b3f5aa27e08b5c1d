import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PathCost } from '../../packages/client/test/support/cost-paths';
import type { Machine } from '../machine';
import type { CostResult } from '../parts/cost';
import type { Case, Measured } from '../rounds';
import type { Settings } from '../settings';

interface Result {
  readonly machine: Machine;
  readonly settings: Pick<Settings, 'quick' | 'rounds' | 'windowMs'>;
}

export interface CasesResult extends Result {
  readonly cases: readonly Measured[];
}

export interface GrowthResult extends Result {
  readonly keys: readonly Measured[];
  readonly limits: readonly Measured[];
  readonly callers: readonly Measured[];
}

/** Prices in dollars. */
export interface Prices {
  readonly region: string;
  readonly date: string;
  readonly sources: { readonly dynamodb: string };
  readonly dynamodb: { readonly millionWriteUnits: number; readonly millionReadUnits: number };
}

/** Everything that tables are made from. */
export interface Results {
  readonly speed: CasesResult;
  readonly profile: CasesResult;
  readonly growth: GrowthResult;
  readonly cost: Result & CostResult;
  /** What `npm test` holds the client to. */
  readonly paths: Readonly<Record<string, PathCost>>;
  readonly prices: Prices;
  /** Digest of what the curves show, which their files carry. */
  readonly growthDigest: string;
}

/** Folder of the results that the documentation shows. */
export const RESULTS = join('bench', 'results');

export function readResults(root: string, folder = RESULTS): Results {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const read = <T>(path: string): T => JSON.parse(text(path)) as T;
  return {
    speed: read(join(folder, 'speed.json')),
    profile: read(join(folder, 'profile.json')),
    growth: read(join(folder, 'growth.json')),
    cost: read(join(folder, 'cost.json')),
    paths: read('spec/costs.json'),
    prices: read('spec/prices.json'),
    growthDigest: createHash('sha256').update(text(join(folder, 'growth.json'))).update(text(join(folder, 'cost.json'))).digest('hex'),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export type Figure = 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpuUs' | 'calls';

/** A figure of each round. */
export function figures({ rounds }: Measured, figure: Figure): number[] {
  return rounds.map((window) => (figure === 'perSecond' ? (window.operations / window.ms) * 1000 : window[figure]!));
}

/** The median of a figure over the rounds. */
export const middle = (measured: Measured, figure: Figure): number => median(figures(measured, figure));

/** How many times as large a figure is as another's: the median of the rounds' own ratios, so that a slow round is slow for both. */
export function ratio(one: Measured, other: Measured, figure: Figure): number {
  const others = figures(other, figure);
  return median(figures(one, figure).map((value, round) => value / others[round]!));
}

export type Wanted = Partial<Pick<Case, 'subject' | 'name' | 'keys' | 'callers' | 'processes'>>;

/** The cases that are as wanted; processes are 1 unless it says otherwise. */
export function select(cases: readonly Measured[], wanted: Wanted): Measured[] {
  return cases.filter((one) => Object.entries({ processes: 1, ...wanted }).every(([key, value]) => one[key as keyof Wanted] === value));
}

/** The only case that is as wanted. */
export function only(cases: readonly Measured[], wanted: Wanted): Measured {
  const found = select(cases, wanted);
  if (found.length !== 1) throw new Error(`${found.length} cases are ${JSON.stringify(wanted)}, and not one`);
  return found[0]!;
}
