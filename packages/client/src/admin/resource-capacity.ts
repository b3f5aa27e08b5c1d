import type { BucketKey, BucketState } from '../core/bucket.js';
import { shareOf } from '../core/plan.js';
import { MILLI } from '../core/token-bucket.js';
import { readText } from '../schema/attributes.js';
import { bucketKey, parseBucket } from '../schema/bucket-item.js';
import { entityKey, parseEntity } from '../schema/entity-item.js';
import { parseBucketKey } from '../schema/keys.js';
import { GSI4, PARTITION_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';
import { balance } from './bucket-views.js';
import { inGroups } from './list.js';

export interface CapacityQuery {
  readonly resource: string;
  /** Name of the limit. */
  readonly limit: string;
  /** Leave out entities that have a parent. @default false */
  readonly parentsOnly?: boolean;
}

/** How much of a limit one entity has left, in tokens of up to three decimals. */
export interface EntityCapacity {
  readonly entity: string;
  readonly capacity: number;
  /** Negative while in debt. */
  readonly available: number;
  /** 0 when nothing was taken, above 100 while in debt. */
  readonly utilizationPercent: number;
}

/** How much of a limit all entities of a resource have left together. */
export interface ResourceCapacity {
  readonly resource: string;
  readonly limit: string;
  readonly totalCapacity: number;
  readonly totalAvailable: number;
  readonly utilizationPercent: number;
  /** By id. */
  readonly entities: readonly EntityCapacity[];
}

const BATCH = 100;

type Shards = (readonly [index: number, state: BucketState])[];

/** Adds up the buckets of a resource. They are found by their keys in the index of the namespace. */
export async function resourceCapacity(
  store: Store, namespaceId: string, { resource, limit, parentsOnly = false }: CapacityQuery, now: number,
): Promise<ResourceCapacity> {
  const byEntity = new Map<string, Shards>();
  for await (const group of inGroups(bucketsOf(store, namespaceId, resource), BATCH)) {
    const items = await store.getMany(group.map(bucketKey));
    group.forEach(({ entity, shard }, at) => {
      const item = items[at];
      if (item !== undefined) byEntity.set(entity, [...byEntity.get(entity) ?? [], [shard, parseBucket(item)]]);
    });
  }
  const names = parentsOnly ? await withoutParent(store, namespaceId, [...byEntity.keys()]) : [...byEntity.keys()];
  const entities = names.sort().flatMap((entity) => entityCapacity(entity, limit, byEntity.get(entity)!, now) ?? []);
  const total = (part: 'capacity' | 'available'): number => entities.reduce((sum, one) => sum + Math.round(one[part] * MILLI), 0) / MILLI;
  const [totalCapacity, totalAvailable] = [total('capacity'), total('available')];
  return { resource, limit, totalCapacity, totalAvailable, utilizationPercent: utilization(totalCapacity, totalAvailable), entities };
}

async function* bucketsOf(store: Store, namespaceId: string, resource: string): AsyncIterable<BucketKey> {
  for await (const item of store.query({ index: GSI4, partition: namespaceId, prefix: 'BUCKET#' })) {
    const key = parseBucketKey(readText(item, PARTITION_KEY)!);
    if (key.resource === resource) yield key;
  }
}

async function withoutParent(store: Store, namespaceId: string, entities: readonly string[]): Promise<string[]> {
  const records = await store.getMany(entities.map((entity) => entityKey(namespaceId, entity)));
  return entities.filter((_, at) => records[at] === undefined || parseEntity(records[at]).parentId === undefined);
}

/** Undefined when the entity's bucket does not have the limit. Shards count with their shares of it (W15). */
function entityCapacity(entity: string, limit: string, shards: Shards, now: number): EntityCapacity | undefined {
  const [first] = [...shards].sort(([a], [b]) => a - b);
  const stored = first![1].limits.get(limit);
  if (stored === undefined) return undefined;
  const count = Math.max(...shards.map(([, state]) => state.shardCount));
  const available = shards.reduce((sum, [index, state]) => {
    const own = state.limits.get(limit);
    return own === undefined ? sum : sum + balance(shareOf(own, index, count), state.refilledAt, now);
  }, 0);
  return { entity, capacity: stored.capacity / MILLI, available: available / MILLI, utilizationPercent: utilization(stored.capacity, available) };
}

const utilization = (capacity: number, available: number): number => (capacity === 0 ? 0 : ((capacity - available) / capacity) * 100);
