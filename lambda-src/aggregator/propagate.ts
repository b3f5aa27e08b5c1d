import type { BucketKey } from '@zae-limiter/client/core/bucket';
import { WCU_LIMIT } from '@zae-limiter/client/core/identifiers';
import { int, readWhole, type AttributeValue, type Item } from '@zae-limiter/client/schema/attributes';
import { BUCKET, bucketKey } from '@zae-limiter/client/schema/bucket-item';
import { BUCKET_ATTRIBUTE_PREFIX, bucketAttribute, gsi, parseLimitAttribute } from '@zae-limiter/client/schema/keys';
import { GSI2, GSI3, GSI4, PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/schema/table';
import { setAll, type ItemUpdate } from '@zae-limiter/client/schema/update';
import type { Store } from '@zae-limiter/client/store/store';
import type { BucketChange } from './parse';

/** Shards that must follow their first one. */
export interface Propagation {
  readonly change: BucketChange;
  readonly from: number;
  readonly to: number;
}

/** What a change of a first shard asks of the others; undefined when its number of shards did not grow. */
export function propagationOf(change: BucketChange): Propagation | undefined {
  const [from, to] = [readWhole(change.before, BUCKET.shardCount), readWhole(change.after, BUCKET.shardCount)];
  return change.key.shard === 0 && from !== undefined && to !== undefined && to > from ? { change, from, to } : undefined;
}

/**
 * The writes of a propagation, at most up to a number of shards: those that exist learn the count, the others are created.
 * Python clients pick among all shards of the count, so that a missing one costs them a slow path each time.
 */
export function propagationUpdates({ change: { key, after }, from, to }: Propagation, maxShardCount: number): ItemUpdate[] {
  return Array.from({ length: Math.min(to, maxShardCount) - 1 }, (_, at) => {
    const shard = { ...key, shard: at + 1 };
    return shard.shard < from ? countUpdate(shard, to) : cloneUpdate(after, shard, to);
  });
}

/**
 * Brings the shards up to date. Safe to repeat; a shard that is ahead already stays.
 *
 * The first shard is asked first: a record may be a day old, and shards that were joined or deleted since must not come back
 * beside it. When it has grown further, another record says so.
 *
 * Cost: 1 call for each shard, 2 for one that should exist and does not.
 *
 * @param hasTime asked before each write
 * @returns how many shards were written
 * @throws when there is no time left; what was written stays
 */
export async function propagate(
  store: Store, propagation: Propagation, maxShardCount: number, hasTime: () => boolean = () => true,
): Promise<number> {
  const { change: { key, after }, to } = propagation;
  if (!(await store.update(stillHas(key, to))).applied) return 0;
  let written = 0;
  for (const [at, update] of propagationUpdates(propagation, maxShardCount).entries()) {
    if (!hasTime()) throw new Error('no time is left');
    const outcome = await store.update(update);
    const missing = !outcome.applied && outcome.item?.[BUCKET.refilledAt] === undefined;
    const { applied } = missing ? await store.update(cloneUpdate(after, { ...key, shard: at + 1 }, to)) : outcome;
    if (applied) written++;
  }
  return written;
}

/** Changes nothing, and so makes no record; holds while the first shard has this count. */
function stillHas(key: BucketKey, shardCount: number): ItemUpdate {
  return {
    key: bucketKey({ ...key, shard: 0 }),
    changes: new Map([[BUCKET.shardCount, { set: int(shardCount) }]]),
    conditions: [{ exists: BUCKET.refilledAt }, { equals: [BUCKET.shardCount, int(shardCount)] }],
  };
}

function countUpdate(key: BucketKey, shardCount: number): ItemUpdate {
  return {
    key: bucketKey(key),
    changes: new Map([[BUCKET.shardCount, { set: int(shardCount) }]]),
    conditions: [{ exists: BUCKET.refilledAt }, { atMost: [BUCKET.shardCount, shardCount - 1] }],
  };
}

/**
 * Creates a shard as a copy of the first one, but empty: the tokens are still in the shards that there were, and an entity
 * must not get more by being split. Its refill time is that of the first shard, so that nothing of what is due is lost.
 */
function cloneUpdate(first: Item, key: BucketKey, shardCount: number): ItemUpdate {
  const { entity, resource, shard } = key;
  const sortKeys: Readonly<Record<string, string>> = {
    [GSI2.sortKey]: gsi.resourceBucket(entity, shard),
    [GSI3.sortKey]: gsi.entityBucket(resource, shard),
    [GSI4.sortKey]: gsi.namespaceBucket(entity, resource, shard),
  };
  const copy = Object.entries(first)
    .filter(([name]) => name !== PARTITION_KEY && name !== SORT_KEY && !name.startsWith(PRIVATE_PREFIX))
    .map(([name, value]): [string, AttributeValue] => {
      const sortKey = sortKeys[name];
      return [name, sortKey === undefined ? startValue(first, name) ?? value : { S: sortKey }];
    });
  return {
    key: bucketKey(key),
    changes: new Map(setAll({ ...Object.fromEntries(copy), [BUCKET.shardCount]: int(shardCount) })),
    conditions: [{ absent: BUCKET.refilledAt }],
  };
}

/** What only our client writes, of one shard: ids of its operations, and counts of its requests. A blocked bucket is not split. */
const PRIVATE_PREFIX = 'x_';

/** Balance or counter of a new shard; undefined for any other attribute. */
function startValue(first: Item, name: string): AttributeValue | undefined {
  const parsed = parseLimitAttribute(BUCKET_ATTRIBUTE_PREFIX, name);
  if (parsed?.field === 'tc') return int(0);
  if (parsed?.field !== 'tk') return undefined;
  return parsed.limit === WCU_LIMIT ? first[bucketAttribute(WCU_LIMIT, 'cp')] : int(0);
}
