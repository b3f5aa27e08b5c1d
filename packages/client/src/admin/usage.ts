import { ValidationError } from '../core/errors.js';
import { checkEntityId, checkResource } from '../core/identifiers.js';
import { gsi, pk, sk, SK_PREFIX } from '../schema/keys.js';
import { GSI2 } from '../schema/table.js';
import { isoSeconds, parseUsage, USAGE_WINDOWS, type UsageSnapshot, type UsageWindow } from '../schema/usage-item.js';
import type { Query, Store } from '../store/store.js';
import { List, mapEntries, queryFrom } from './list.js';

/** Whose usage; an entity, a resource or both must be named. */
export interface UsageFilter {
  /** @default every entity of the resource */
  readonly entity?: string;
  /** @default every resource of the entity */
  readonly resource?: string;
  /** @default every window */
  readonly window?: UsageWindow;
  /** Earliest start of a window, as a time or in ISO 8601. @default any */
  readonly start?: Date | string;
  /** Latest start of a window, itself included. @default any */
  readonly end?: Date | string;
}

/** What is summed up. */
export interface UsageSummaryFilter extends UsageFilter {
  /** Hours, days and months count the same tokens, so only one of them can be added up (W46). */
  readonly window: UsageWindow;
}

/** Usage of several windows together. */
export interface UsageSummary {
  readonly window: UsageWindow;
  /** Snapshots that were added up. */
  readonly snapshots: number;
  /** Tokens per limit name. */
  readonly totals: Readonly<Record<string, number>>;
  /** Tokens per limit name, divided by the snapshots that counted the limit. */
  readonly averages: Readonly<Record<string, number>>;
  /** Start of the earliest window; undefined when there is none. */
  readonly firstWindow: string | undefined;
  /** Start of the latest window; undefined when there is none. */
  readonly lastWindow: string | undefined;
}

/** Before and behind every time, as text. */
const [EARLIEST, LATEST] = ['', '~'];

/** Reads what the aggregator counted. */
export class UsageAdmin {
  constructor(private readonly store: Store, private readonly namespaceId: string) {}

  /**
   * Snapshots, newest first; those of an entity on all resources by resource. A consumption appears some seconds after it
   * happened.
   *
   * Cost: 1 read for each page of up to 1 MB; with a resource only of the windows between `start` and `end`.
   *
   * @throws {ValidationError} neither entity nor resource is named, or an identifier, window or time is not valid
   */
  list(filter: UsageFilter): List<UsageSnapshot> {
    const { window, first, last } = check(filter);
    const query = { ...this.query(filter, first, last), order: 'descending' } as const;
    return new List((from) => mapEntries(queryFrom(this.store, query, from), (item) => {
      const snapshot = parseUsage(item);
      const wanted = (window === undefined || snapshot.window === window) && first <= snapshot.windowStart && snapshot.windowStart <= last;
      return wanted ? snapshot : undefined;
    }));
  }

  /**
   * Totals and averages per limit over all windows of one length. Reads every page, however many there are.
   *
   * Cost: that of `list`.
   *
   * @throws {ValidationError} the window is missing, and for what `list` refuses
   */
  async summary(filter: UsageSummaryFilter): Promise<UsageSummary> {
    if (filter.window === undefined) throw new ValidationError('window', undefined, 'missing', `must be one of ${USAGE_WINDOWS.join(', ')}`);
    const [totals, counts] = [new Map<string, number>(), new Map<string, number>()];
    let snapshots = 0;
    let [firstWindow, lastWindow]: [string | undefined, string | undefined] = [undefined, undefined];
    for await (const { counters, windowStart } of this.list(filter)) {
      snapshots++;
      for (const [name, tokens] of Object.entries(counters)) {
        totals.set(name, (totals.get(name) ?? 0) + tokens);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      if (firstWindow === undefined || windowStart < firstWindow) firstWindow = windowStart;
      if (lastWindow === undefined || windowStart > lastWindow) lastWindow = windowStart;
    }
    const averages = [...totals].map(([name, total]) => [name, total / counts.get(name)!] as const);
    return { window: filter.window, snapshots, totals: Object.fromEntries(totals), averages: Object.fromEntries(averages), firstWindow, lastWindow };
  }

  private query({ entity, resource }: UsageFilter, first: string, last: string): Query {
    const ns = this.namespaceId;
    // Daily and monthly windows have their length behind the start, which sorts before the tilde.
    if (entity === undefined) return { index: GSI2, partition: pk.resource(ns, resource!), between: [gsi.resourceUsage(first, ''), `${gsi.resourceUsage(last, '')}~`] };
    const partition = pk.entity(ns, entity);
    return resource === undefined
      ? { partition, prefix: SK_PREFIX.usage }
      : { partition, between: [sk.usage(resource, first), `${sk.usage(resource, last)}~`] };
  }
}

function check({ entity, resource, window, start, end }: UsageFilter): { window: UsageWindow | undefined; first: string; last: string } {
  if (entity === undefined && resource === undefined) throw new ValidationError('entity', undefined, 'missing', 'or resource must be given');
  if (entity !== undefined) checkEntityId(entity);
  if (resource !== undefined) checkResource(resource);
  if (window !== undefined && !USAGE_WINDOWS.includes(window)) throw new ValidationError('window', window, 'unknown', `must be one of ${USAGE_WINDOWS.join(', ')}`);
  return { window, first: start === undefined ? EARLIEST : timeText('start', start), last: end === undefined ? LATEST : timeText('end', end) };
}

/** A time as the windows have it. A text without a zone is UTC. */
function timeText(field: string, time: Date | string): string {
  const zoned = typeof time === 'string' && /T[\d:.]+$/.test(time) ? `${time}Z` : time;
  const epochMs = new Date(zoned).getTime();
  if (Number.isNaN(epochMs)) throw new ValidationError(field, time, 'format', 'must be a time in ISO 8601');
  return isoSeconds(epochMs);
}
