import type { Clock } from '../core/clock.js';
import { NoLimitsConfiguredError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkLimitName, checkResource } from '../core/identifiers.js';
import { applicationLimits } from '../core/plan.js';
import {
  blockUpdate, createBlocked, fillUpdate, longestBlockMs, onlyShardUpdate, parseBlock, unblockUpdate, type ShardChange, type WholeBucket,
} from '../schema/bucket-admin.js';
import { bucketKey, bucketTarget } from '../schema/bucket-item.js';
import { configKey, limitNames } from '../schema/config-item.js';
import { entityKey, parseEntity } from '../schema/entity-item.js';
import type { ItemUpdate, ItemWrite } from '../schema/update.js';
import type { Store } from '../store/store.js';
import type { AuditOptions, AuditRecord, AuditTrail } from './audit-trail.js';
import { viewBucket, type BucketView } from './bucket-views.js';
import { contended } from './contended.js';
import { resolveLimits } from './limits.js';
import { resourceCapacity, type CapacityQuery, type ResourceCapacity } from './resource-capacity.js';
import { asShard, changeShard, findBuckets, forEachInParallel, readShard, readShards, type BucketName, type Shard } from './shards.js';

export interface BlockOptions extends AuditOptions {
  /** How long, in milliseconds. At least 1; how long at most depends on the limits, since the debt must fit into the table. */
  readonly forMs: number;
  /** For people; shown with the bucket. Up to 256 characters. @default none */
  readonly reason?: string;
}

/** Times that a change is tried again: a bucket that an operator corrects may be in heavy use. */
const ATTEMPTS = 10;
/** Shards that are changed in the transaction of the audit event; further ones follow it. */
const TRANSACTION = 50;
const MAX_REASON = 256;
/** Shards that are asked for by number; of more, which only a defect makes, those count that the index shows. */
const MAX_COUNTED = 100;
/** Longest block: a hundred years. */
const MAX_BLOCK_MS = 100 * 366 * 86_400_000;

type ShardUpdate = (shard: Shard, place: ShardChange) => ItemUpdate | undefined;

/**
 * Looks at buckets and corrects them. Changes are made in the table, where every process meets them with its next
 * request; a refusal that a process has in memory holds for another quarter of a second (`denyTtlMs`).
 */
export class BucketsAdmin {
  constructor(
    private readonly store: Store, private readonly namespaceId: string, private readonly clock: Clock, private readonly trail: AuditTrail,
  ) {}

  /**
   * The buckets of an entity with all their shards, by resource; only that of a resource when one is named.
   *
   * Cost: 1 read, and 1 more for a bucket that is split; without a resource also 1 for each page of up to 1 MB of an
   * index that is a moment late.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  async show(entity: string, resource?: string): Promise<BucketView[]> {
    const resources = resource === undefined ? await this.resourcesOf(entity) : [resource];
    const views: BucketView[] = [];
    await forEachInParallel(resources, async (one) => {
      const view = viewBucket(await readShards(this.store, this.bucket(entity, one)), this.clock.now());
      if (view !== undefined) views.push(view);
    });
    return views.sort((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  /**
   * Fills every limit of a bucket and ends a block. Counts of what was consumed stay. Nothing happens without a bucket: it
   * would begin full.
   *
   * Cost: 2 reads and 1 transaction of 2 writes, 1 more for each further shard.
   *
   * @returns whether there was a bucket
   * @throws {ValidationError} an identifier is not valid
   */
  async reset(entity: string, resource: string, options: AuditOptions = {}): Promise<boolean> {
    const record = { action: 'bucket_reset', scope: { entity, resource } } as const;
    return this.change(this.bucket(entity, resource), options, record, () => ({ state }, place) =>
      (state?.refilledAt === undefined ? undefined : fillUpdate(state, place)));
  }

  /**
   * Lets an entity take nothing of a resource for a time, by putting every limit into the debt that its refill pays off
   * at the end. Python clients obey it as well. The bucket then begins empty, and refills.
   *
   * A later block lengthens an earlier one; `unblock` ends it. A limit that is added meanwhile is not blocked, and one whose
   * rate changes is free earlier or later. Without a bucket one is created, for which limits must be stored.
   *
   * Cost: 2 reads and 1 transaction of 2 writes, 1 more write for each further shard; 2 more reads to create the bucket.
   *
   * @throws {NoLimitsConfiguredError} there is no bucket, and no limits are stored to create one
   * @throws {ValidationError} an identifier, the time or the reason is not valid
   */
  async block(entity: string, resource: string, { forMs, reason, ...options }: BlockOptions): Promise<void> {
    const bucket = this.bucket(entity, resource);
    checkBlock(forMs, reason);
    const now = this.clock.now();
    const block = { until: now + forMs, reason };
    const details = { for_ms: forMs, until: new Date(block.until).toISOString(), reason: reason ?? null };
    await this.change(bucket, options, { action: 'bucket_blocked', scope: { entity, resource }, details }, async (shards) => {
      const whole = shards.every(isWhole) ? undefined : await this.wholeBucket(bucket);
      const present = shards.flatMap(({ state }) => (state === null ? [] : applicationLimits(state).map(([, limit]) => limit)));
      const longest = longestBlockMs([...present, ...whole?.limits.values() ?? []]);
      if (forMs > longest) throw new ValidationError('forMs', forMs, 'too_large', `must be at most ${longest} for these limits`);
      return ({ item, state }, place) => {
        if (state?.refilledAt === undefined) return createBlocked(whole!, block, place);
        const earlier = parseBlock(item!, now);
        return blockUpdate(state, { reason, until: Math.max(block.until, earlier?.until ?? 0) }, place);
      };
    });
  }

  /**
   * Ends a block: what is left of its debt is given back, so the bucket is empty, and refills. `reset` fills it.
   *
   * Cost: 2 reads and 1 transaction of 2 writes, 1 more for each further shard; 1 read when nothing is blocked.
   *
   * @returns whether there was a block
   * @throws {ValidationError} an identifier is not valid
   */
  async unblock(entity: string, resource: string, options: AuditOptions = {}): Promise<boolean> {
    const record = { action: 'bucket_unblocked', scope: { entity, resource } } as const;
    return this.change(this.bucket(entity, resource), options, record, () => ({ item, state }, place) => {
      const block = item && parseBlock(item, place.now);
      return block === undefined || state?.refilledAt === undefined ? undefined : unblockUpdate(state, block.until, place);
    });
  }

  /**
   * Makes one item of a bucket that was split into shards, for example by an older Python client whose shards doubled
   * without end (W1). Shard 0 keeps its tokens and takes over the debts of the others; their tokens are gone, so nothing
   * can be taken twice, and come back by refill. Call it again when clients that knew of the shards wrote some meanwhile.
   *
   * Cost: 2 reads, 1 for each 100 shards, 1 transaction of 2 writes, and 1 write for each further shard.
   *
   * @returns how many further shards were removed
   * @throws {ValidationError} an identifier is not valid
   */
  async resetShards(entity: string, resource: string, options: AuditOptions = {}): Promise<number> {
    const bucket = this.bucket(entity, resource);
    const audit = this.trail.by(options);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { key, state } = await readShard(this.store, { ...bucket, shard: 0 });
      const shardCount = state?.shardCount ?? 1;
      const others = await this.furtherShards(bucket, shardCount);
      if (others.length === 0 && shardCount === 1) return 0;
      const states = others.flatMap((other) => (other.state === null ? [] : [[other.key.shard, other.state] as const]));
      // A bucket that is one already has the debts: an earlier call got this far.
      const update = shardCount === 1 || state?.refilledAt === undefined
        ? []
        : [{ update: onlyShardUpdate(state, states, { key, shardCount, now: this.clock.now() }) }];
      const details = { shard_count: shardCount, records_deleted: others.length };
      if (!await this.store.transact([...update, await audit({ action: 'bucket_shards_reset', scope: { entity, resource }, details })])) continue;
      await this.store.deleteMany(others.map((other) => bucketKey(other.key)));
      return others.length;
    }
    throw contended(nameOf(bucket));
  }

  /**
   * How much of a limit the entities of a resource have left, each and together. Shards count with their shares.
   *
   * Cost: 1 read for each page of up to 1 MB of the keys of all buckets of the namespace, of an index that is a moment
   * late, and 1 for each 100 buckets of the resource; 1 more for each 100 entities with `parentsOnly`.
   *
   * @throws {ValidationError} a name is not valid
   */
  async capacity(query: CapacityQuery): Promise<ResourceCapacity> {
    checkResource(query.resource);
    checkLimitName(query.limit, 'limit');
    return resourceCapacity(this.store, this.namespaceId, query, this.clock.now());
  }

  /**
   * Changes the shards of a bucket. Those that fit into one transaction change together with the audit event, all or none.
   *
   * @param prepare makes, from the shards as they were read, what makes the update of each; undefined to leave a shard as it is
   * @returns whether there was anything to change
   */
  private async change(
    bucket: BucketName, options: AuditOptions, record: AuditRecord, prepare: (shards: readonly Shard[]) => ShardUpdate | Promise<ShardUpdate>,
  ): Promise<boolean> {
    const audit = this.trail.by(options);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const shards = await readShards(this.store, bucket);
      const update = await prepare(shards);
      const updateOf = (shard: Shard): ItemUpdate | undefined => update(shard, {
        key: shard.key, shardCount: Math.max(shards.length, shard.state?.shardCount ?? 1), now: this.clock.now(),
      });
      const changed = shards.filter((shard) => updateOf(shard) !== undefined);
      if (changed.length === 0) return false;
      const writes = changed.slice(0, TRANSACTION).map((shard): ItemWrite => ({ update: updateOf(shard)! }));
      if (!await this.store.transact([...writes, await audit(record)])) continue;
      await forEachInParallel(changed.slice(TRANSACTION), (shard) => changeShard(this.store, shard, updateOf));
      return true;
    }
    throw contended(nameOf(bucket));
  }

  private async resourcesOf(entity: string): Promise<string[]> {
    checkEntityId(entity);
    return [...new Set((await findBuckets(this.store, this.namespaceId, entity)).map(({ resource }) => resource))];
  }

  /** Shards beside the first that are there: those that it counts, and those that the index shows. */
  private async furtherShards(bucket: BucketName, count: number): Promise<Shard[]> {
    const counted = Array.from({ length: Math.min(count, MAX_COUNTED) - 1 }, (_, at) => at + 1);
    const indexed = await findBuckets(this.store, this.namespaceId, bucket.entity, bucket.resource);
    const numbers = [...new Set([...counted, ...indexed.map(({ shard }) => shard)])].filter((shard) => shard !== 0);
    const keys = numbers.map((shard) => ({ ...bucket, shard }));
    const items = await this.store.getMany(keys.map(bucketKey), { consistent: true });
    return keys.flatMap((key, at) => (items[at] === undefined ? [] : [asShard(key, items[at])]));
  }

  /** What a bucket that is not there would be created from. */
  private async wholeBucket({ entity, resource }: BucketName): Promise<WholeBucket> {
    const limits = await resolveLimits(this.store, this.namespaceId, entity, resource);
    if (limits.length === 0) throw new NoLimitsConfiguredError(entity, resource);
    const keys = [entityKey(this.namespaceId, entity), configKey(this.namespaceId, { entity, resource })];
    const [record, own] = await this.store.getMany(keys, { consistent: true });
    const target = bucketTarget(limits, limitNames(own ?? {}).length === 0);
    return { limits: target.limits, ttl: target.ttl, lineage: parseEntity(record ?? {}) };
  }

  private bucket(entity: string, resource: string): BucketName {
    checkEntityId(entity);
    checkResource(resource);
    return { namespaceId: this.namespaceId, entity, resource };
  }
}

/** A damaged shard is written anew, as a missing one. */
const isWhole = ({ state }: Shard): boolean => state?.refilledAt !== undefined;

const nameOf = ({ entity, resource }: BucketName): string => `the bucket of entity '${entity}' on resource '${resource}'`;

function checkBlock(forMs: number, reason: string | undefined): void {
  if (!Number.isSafeInteger(forMs)) throw new ValidationError('forMs', forMs, 'not_an_integer', 'must be an integer');
  if (forMs < 1) throw new ValidationError('forMs', forMs, 'not_positive', 'must be at least 1');
  if (forMs > MAX_BLOCK_MS) throw new ValidationError('forMs', forMs, 'too_large', `must be at most ${MAX_BLOCK_MS}`);
  if (reason !== undefined && typeof reason !== 'string') throw new ValidationError('reason', reason, 'type', 'must be a string');
  if (reason !== undefined && reason.length > MAX_REASON) throw new ValidationError('reason', reason, 'too_long', `must have at most ${MAX_REASON} characters`);
}
