import { readInt, readText, text, type Item } from './attributes.js';
import { gsi, pk, sk, type PrimaryKey } from './keys.js';
import { GSI1, GSI2, GSI3, GSI4, indexKeys, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from './table.js';

/** Length of a usage window. */
export type UsageWindow = 'hourly' | 'daily' | 'monthly';

export const USAGE_WINDOWS: readonly UsageWindow[] = ['hourly', 'daily', 'monthly'];

/** What one entity consumed of one resource in one window. */
export interface UsageSnapshot {
  readonly entity: string;
  readonly resource: string;
  readonly window: string;
  /** First second of the window, ISO 8601 UTC. */
  readonly windowStart: string;
  /** Last second of the window; equals the start when the window is unknown. */
  readonly windowEnd: string;
  /** Whole tokens per limit name, net of what was given back. */
  readonly counters: Readonly<Record<string, number>>;
  /** Requests that were admitted; of Python clients, writes that moved at least one counter. */
  readonly totalEvents: number;
}

export const USAGE = {
  entity: 'entity_id',
  resource: 'resource',
  window: 'window',
  windowStart: 'window_start',
  totalEvents: 'total_events',
} as const;

/** Attribute that says up to where a bucket shard's stream is counted. Text, so that readers do not take it for a counter. */
export const watermarkAttribute = (shard: number): string => `_wm${shard}`;

/** A limit with one of these names could not be counted: its counter would be the attribute itself (F-10). */
export const RESERVED_COUNTERS: ReadonlySet<string> = new Set([
  PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, ...Object.values(USAGE),
  ...[GSI1, GSI2, GSI3, GSI4].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]),
  ...[1, 2, 3, 4, 5].map((number) => `LSI${number}SK`),
]);

/**
 * How snapshots are keyed. `suffixed`: daily and monthly items carry their window, so that midnight's hour is another item
 * (F-05). `legacy`: as the Python aggregator does, whose midnight hour and day share one item.
 */
export type UsageKeyStyle = 'suffixed' | 'legacy';

/** Key of a snapshot. */
export function usageKey(
  ns: string, entity: string, resource: string, window: UsageWindow, start: string, style: UsageKeyStyle = 'suffixed',
): PrimaryKey {
  const suffix = window === 'hourly' || style === 'legacy' ? '' : `#${window}`;
  return { pk: pk.entity(ns, entity), sk: sk.usage(resource, `${start}${suffix}`) };
}

/** Attributes of a snapshot that every write sets. */
export function usageIdentity(ns: string, entity: string, resource: string, start: string): Item {
  return { [USAGE.entity]: text(entity), ...indexKeys(GSI2, pk.resource(ns, resource), gsi.resourceUsage(start, entity)) };
}

/** Attributes of a snapshot that the first write sets, beside its expiry. */
export function usageOrigin(ns: string, entity: string, resource: string, window: UsageWindow, start: string): Item {
  return {
    [USAGE.resource]: text(resource),
    [USAGE.window]: text(window),
    [USAGE.windowStart]: text(start),
    ...indexKeys(GSI4, ns, pk.entity(ns, entity)),
  };
}

/** First second of the window that holds a time, ISO 8601 UTC. */
export function windowStart(window: UsageWindow, epochSeconds: number): string {
  const iso = new Date(epochSeconds * 1000).toISOString();
  switch (window) {
    case 'hourly': return `${iso.slice(0, 13)}:00:00Z`;
    case 'daily': return `${iso.slice(0, 10)}T00:00:00Z`;
    case 'monthly': return `${iso.slice(0, 7)}-01T00:00:00Z`;
  }
}

/** Last second of a window, in epoch seconds; undefined when the window is unknown or its start is not a time. */
export function windowEnd(window: string, start: string): number | undefined {
  const from = Date.parse(start);
  if (Number.isNaN(from)) return undefined;
  switch (window) {
    case 'hourly': return from / 1000 + 3599;
    case 'daily': return from / 1000 + 86_399;
    case 'monthly': {
      const date = new Date(from);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / 1000 - 1;
    }
    default: return undefined;
  }
}

/** Reads a snapshot. Every number that is not `total_events` or the expiry is a counter. */
export function parseUsage(item: Item): UsageSnapshot {
  const window = readText(item, USAGE.window) ?? '';
  const start = readText(item, USAGE.windowStart) ?? '';
  const end = windowEnd(window, start);
  const counters: Record<string, number> = {};
  for (const [name, value] of Object.entries(item)) {
    if ('N' in value && name !== USAGE.totalEvents && name !== TTL_ATTRIBUTE) counters[name] = Number(value.N);
  }
  return {
    entity: readText(item, USAGE.entity) ?? '',
    resource: readText(item, USAGE.resource) ?? '',
    window,
    windowStart: start,
    windowEnd: end === undefined ? start : isoSeconds(end * 1000),
    counters,
    totalEvents: readInt(item, USAGE.totalEvents) ?? 0,
  };
}

/** `YYYY-MM-DDTHH:MM:SSZ`. */
export function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
