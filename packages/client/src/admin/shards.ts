import type { BucketKey, BucketState } from '../core/bucket.js';
import type { Item } from '../schema/attributes.js';
import { bucketKey, parseBucket } from '../schema/bucket-item.js';
import { gsi, parseBucketKey, pk } from '../schema/keys.js';
import { GSI3, PARTITION_KEY } from '../schema/table.js';
import type { ItemUpdate } from '../schema/update.js';
import type { Store } from '../store/store.js';
import { contended } from './contended.js';

/** A bucket, without saying which of its shards. */
export type BucketName = Omit<BucketKey, 'shard'>;

/** One shard as it was read. */
export interface Shard {
  readonly key: BucketKey;
  /** Undefined when the shard is missing. */
  readonly item: Item | undefined;
  /** Null when the shard is missing. */
  readonly state: BucketState | null;
}

/** Times that a change of a shard is tried again: a bucket that an operator corrects may be in heavy use. */
const ATTEMPTS = 10;
/** Shards that are written at the same time. */
const PARALLEL = 10;

/** All shards of a bucket, missing ones included. 1 read, 1 more for each 100 further shards. */
export async function readShards(store: Store, bucket: BucketName): Promise<Shard[]> {
  const first = await readShard(store, { ...bucket, shard: 0 });
  const count = first.state?.shardCount ?? 1;
  const keys = Array.from({ length: count - 1 }, (_, at): BucketKey => ({ ...bucket, shard: at + 1 }));
  const items = keys.length === 0 ? [] : await store.getMany(keys.map(bucketKey), { consistent: true });
  return [first, ...keys.map((key, at) => asShard(key, items[at]))];
}

/** One shard. 1 read. */
export async function readShard(store: Store, key: BucketKey): Promise<Shard> {
  return asShard(key, await store.get(bucketKey(key), { consistent: true }));
}

/** A shard, from its item. */
export function asShard(key: BucketKey, item: Item | undefined): Shard {
  return { key, item, state: item === undefined ? null : parseBucket(item) };
}

/** Keys of all bucket items of an entity, on every resource or on one. The index knows them a moment after they are written. */
export async function findBuckets(store: Store, namespaceId: string, entity: string, resource?: string): Promise<BucketKey[]> {
  // A resource holds no `#`, so the shard that follows ends its name.
  const prefix = resource === undefined ? 'BUCKET#' : gsi.entityBucket(resource, 0).slice(0, -1);
  const keys: BucketKey[] = [];
  for await (const item of store.query({ index: GSI3, partition: pk.entity(namespaceId, entity), prefix })) {
    keys.push(parseBucketKey((item[PARTITION_KEY] as { S: string }).S));
  }
  return keys;
}

/**
 * Changes one shard, from what it holds. A shard that others changed meanwhile is read again.
 *
 * @param change makes the update; undefined to leave the shard as it is
 */
export async function changeShard(store: Store, shard: Shard, change: (shard: Shard) => ItemUpdate | undefined): Promise<void> {
  let { key, state, item } = shard;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const update = change({ key, state, item });
    if (update === undefined) return;
    const outcome = await store.update(update);
    if (outcome.applied) return;
    ({ state, item } = asShard(key, outcome.item)); // what refused the update is what the next one is computed from
  }
  throw contended(`the bucket of entity '${key.entity}' on resource '${key.resource}'`);
}

/** Does something with each, a few at a time. */
export async function forEachInParallel<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < all.length; start += PARALLEL) await Promise.all(all.slice(start, start + PARALLEL).map(work));
}
