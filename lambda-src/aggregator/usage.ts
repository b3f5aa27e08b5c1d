import { MILLI } from '@zae-limiter/client/core/token-bucket';
import { int, readText, readWhole, text } from '@zae-limiter/client/schema/attributes';
import { BUCKET } from '@zae-limiter/client/schema/bucket-item';
import { TTL_ATTRIBUTE } from '@zae-limiter/client/schema/table';
import { setAll, setAllIfAbsent, type ItemUpdate } from '@zae-limiter/client/schema/update';
import {
  RESERVED_COUNTERS, USAGE, usageIdentity, usageKey, usageOrigin, watermarkAttribute, windowEnd, windowStart,
  type UsageKeyStyle, type UsageWindow,
} from '@zae-limiter/client/schema/usage-item';
import type { Store } from '@zae-limiter/client/store/store';
import { sumByLimit, type BucketChange } from './parse';

/** What the usage snapshots record. */
export interface UsageConfig {
  readonly windows: readonly UsageWindow[];
  /** Days that a snapshot is kept after its window ended. */
  readonly retentionDays: number;
  /** Which time decides the window: that of the change, or that of the bucket's last refill, as in the Python aggregator (F-07). */
  readonly clock: 'stream' | 'rf';
  readonly keyStyle: UsageKeyStyle;
}

/** Changes of one bucket shard that fall into one window, in the order of the stream. They become one update. */
export interface UsageGroup {
  readonly window: UsageWindow;
  readonly start: string;
  readonly changes: readonly BucketChange[];
}

/** A limit whose counter cannot be stored, because its name is an attribute of the snapshot. */
export interface SkippedLimit {
  readonly sequence: string;
  readonly limit: string;
}

/** Sorts a batch into groups, one per snapshot and bucket shard. */
export function groupUsage(changes: readonly BucketChange[], { windows, clock }: UsageConfig): { groups: UsageGroup[]; skipped: SkippedLimit[] } {
  const groups = new Map<string, { window: UsageWindow; start: string; changes: BucketChange[] }>();
  const skipped: SkippedLimit[] = [];
  for (const change of changes) {
    for (const limit of change.consumed.keys()) {
      if (RESERVED_COUNTERS.has(limit)) skipped.push({ sequence: change.sequence, limit });
    }
    const consumed = new Map([...change.consumed].filter(([limit]) => !RESERVED_COUNTERS.has(limit)));
    if (consumed.size === 0) continue;
    for (const window of windows) {
      const start = windowStart(window, bookedAt(change, clock));
      const { namespaceId, entity, resource, shard } = change.key;
      const id = JSON.stringify([namespaceId, entity, resource, shard, window, start]);
      const group = groups.get(id) ?? { window, start, changes: [] };
      groups.set(id, group);
      group.changes.push({ ...change, consumed });
    }
  }
  return { groups: [...groups.values()], skipped };
}

/** Clocks of clients may be ahead by this much; a refill time beyond it is none. */
const MAX_AHEAD_SECONDS = 3600;

/** Epoch seconds that a change counts for. */
function bookedAt({ createdAt, after }: BucketChange, clock: UsageConfig['clock']): number {
  const refilledAt = clock === 'rf' ? Math.floor((readWhole(after, BUCKET.refilledAt) ?? -1) / 1000) : -1;
  return refilledAt < 0 || refilledAt > createdAt + MAX_AHEAD_SECONDS ? createdAt : refilledAt;
}

/** The update that books a group, unless its first change is booked already. */
export function usageUpdate({ window, start, changes }: UsageGroup, { retentionDays, keyStyle }: UsageConfig): ItemUpdate {
  const [first, last] = [changes[0]!, changes.at(-1)!];
  const { namespaceId, entity, resource, shard } = first.key;
  const watermark = watermarkAttribute(shard);
  const expiresAt = windowEnd(window, start)! + 1 + retentionDays * 86_400;
  return {
    key: usageKey(namespaceId, entity, resource, window, start, keyStyle),
    changes: new Map([
      ...setAll({ ...usageIdentity(namespaceId, entity, resource, start), [watermark]: text(last.watermark) }),
      ...setAllIfAbsent({ ...usageOrigin(namespaceId, entity, resource, window, start), [TTL_ATTRIBUTE]: int(expiresAt) }),
      ...[...sumByLimit(changes)].map(([limit, millitokens]) => [limit, { add: Math.floor(millitokens / MILLI) }] as const),
      [USAGE.totalEvents, { add: changes.reduce((sum, { requests }) => sum + requests, 0) }],
    ]),
    conditions: [{ anyOf: [{ absent: watermark }, { below: [watermark, text(first.watermark)] }] }],
  };
}

/** `partial`: some changes of the group had been booked before. */
export type UsageOutcome = 'written' | 'duplicate' | 'partial';

/**
 * Books a group once, however often it is delivered: the snapshot remembers, per bucket shard, up to which change it
 * counted. 1 call, 2 when a part had been booked.
 */
export async function writeUsage(store: Store, group: UsageGroup, config: UsageConfig): Promise<UsageOutcome> {
  const outcome = await store.update(usageUpdate(group, config));
  if (outcome.applied) return 'written';
  const booked = outcome.item && readText(outcome.item, watermarkAttribute(group.changes[0]!.key.shard));
  const rest = group.changes.filter(({ watermark }) => booked === undefined || watermark > booked);
  if (rest.length === 0) return 'duplicate';
  const retried = await store.update(usageUpdate({ ...group, changes: rest }, config));
  return retried.applied ? 'partial' : 'duplicate';
}
