import type { BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { NoLimitsConfiguredError } from '../core/errors.js';
import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import type { LimitSource } from '../core/limit-view.js';
import type { Limit } from '../core/limit.js';
import type { Item } from '../schema/attributes.js';
import { bucketTarget, type Lineage } from '../schema/bucket-item.js';
import { configKey, parseLimits, parseOnUnavailable, type LimitScope, type OnUnavailable } from '../schema/config-item.js';
import { parseEntity } from '../schema/entity-item.js';
import { pk, SK, type PrimaryKey } from '../schema/keys.js';
import type { Store } from '../store/store.js';
import { ConfigCache, type CacheStats } from './config-cache.js';

/** The limits that apply to an entity and resource. */
export interface ResolvedLimits {
  readonly limits: readonly Limit[];
  readonly source: LimitSource;
  /** The same limits, as a bucket should carry them. */
  readonly target: BucketTarget;
}

/** What one stored level says. */
interface Level {
  readonly limits: readonly Limit[];
  readonly target: BucketTarget;
  readonly onUnavailable: OnUnavailable | undefined;
}

interface Levels {
  readonly keys: readonly PrimaryKey[];
  readonly sources: readonly LimitSource[];
}

export interface ResolverOptions {
  /** How long a stored limit is used without looking again. 0 turns the cache off. @default 60000 */
  readonly ttlMs?: number;
  /** Stored items kept in memory at most. @default 10000 */
  readonly maxEntries?: number;
}

/** Shortest time between two reads that a bucket with other parameters than the config causes, per entity and resource. */
const REVALIDATE_INTERVAL_MS = 2000;

/**
 * Finds the limits of an entity and resource.
 *
 * Four levels, highest first: entity on this resource, entity on all resources, resource, system. The first that holds
 * a limit wins whole; levels are never merged.
 */
export class LimitResolver {
  private readonly cache: ConfigCache<Level>;
  private readonly entities: ConfigCache<Lineage>;
  private readonly revalidatedAt = new Map<string, number>();

  constructor(
    store: Store, private readonly namespaceId: string, private readonly clock: Clock, { ttlMs = 60_000, maxEntries = 10_000 }: ResolverOptions = {},
  ) {
    this.cache = new ConfigCache(store, clock, parseLevel, ttlMs, maxEntries);
    this.entities = new ConfigCache(store, clock, (_, item = {}) => parseEntity(item), ttlMs, maxEntries);
  }

  get stats(): CacheStats {
    return this.cache.stats;
  }

  /** The limits, not older than the cache's time to live; undefined when none are stored. At most 1 call. */
  async find(entity: string, resource: string): Promise<ResolvedLimits | undefined> {
    const levels = this.levels(entity, resource);
    return choose(await this.cache.read(levels.keys), levels);
  }

  /**
   * Like `find`, for a request that needs limits.
   *
   * @throws {NoLimitsConfiguredError} no level holds any
   */
  async resolve(entity: string, resource: string): Promise<ResolvedLimits> {
    return await this.find(entity, resource) ?? noLimits(entity, resource);
  }

  /**
   * The limits from memory; undefined when a level was never read. Stale limits are served once more while they are
   * read again in the background, so that no request waits for a refresh.
   */
  peek(entity: string, resource: string): ResolvedLimits | undefined {
    const levels = this.levels(entity, resource);
    const known = this.cache.peek(levels.keys);
    if (known?.stale === true) void this.cache.read(levels.keys).catch(() => undefined); // the next request tries again
    return known === undefined ? undefined : choose(known.values, levels) ?? noLimits(entity, resource);
  }

  /**
   * The limits, read again because a bucket carries others: either the bucket or the memory is old (8.2.6a).
   * Within two seconds of the last such read memory is trusted.
   */
  async revalidate(entity: string, resource: string): Promise<ResolvedLimits> {
    const id = `${entity}#${resource}`;
    const now = this.clock.now();
    if (now - (this.revalidatedAt.get(id) ?? -Infinity) >= REVALIDATE_INTERVAL_MS) {
      this.revalidatedAt.delete(id);
      this.revalidatedAt.set(id, now);
      if (this.revalidatedAt.size > 1000) this.revalidatedAt.delete(this.revalidatedAt.keys().next().value!);
      this.cache.evict(this.levels(entity, resource).keys);
    }
    return this.resolve(entity, resource);
  }

  /** The entity's place in the hierarchy. At most 1 call. */
  async lineage(entity: string): Promise<Lineage> {
    const [lineage] = await this.entities.read([{ pk: pk.entity(this.namespaceId, entity), sk: SK.entity }]);
    return lineage!;
  }

  /** The stored policy for outages, as last seen, however old. Makes no call. */
  onUnavailable(): OnUnavailable | undefined {
    return this.cache.latest(configKey(this.namespaceId, {}))?.onUnavailable;
  }

  /** Forgets one stored level, or everything. */
  evict(scope?: LimitScope): void {
    this.cache.evict(scope && [configKey(this.namespaceId, scope)]);
    if (scope === undefined) this.entities.evict();
  }

  private levels(entity: string, resource: string): Levels {
    const scopes: [LimitSource, LimitScope][] = [
      ['entity', { entity, resource }],
      ...(resource === DEFAULT_RESOURCE ? [] : [['entityDefault', { entity }] as [LimitSource, LimitScope]]),
      ['resource', { resource }],
      ['system', {}],
    ];
    return { sources: scopes.map(([source]) => source), keys: scopes.map(([, scope]) => configKey(this.namespaceId, scope)) };
  }
}

function choose(values: readonly Level[], { sources }: Levels): ResolvedLimits | undefined {
  const at = values.findIndex(({ limits }) => limits.length > 0);
  const level = values[at];
  return level && { limits: level.limits, source: sources[at]!, target: level.target };
}

function noLimits(entity: string, resource: string): never {
  throw new NoLimitsConfiguredError(entity, resource);
}

function parseLevel(key: PrimaryKey, item: Item = {}): Level {
  const limits = parseLimits(item);
  return {
    limits,
    // A bucket whose limits are the entity's own on this resource stays for ever; any other may expire when it lies idle.
    target: bucketTarget(limits, !isEntityLevel(key)),
    onUnavailable: parseOnUnavailable(item),
  };
}

function isEntityLevel({ sk }: PrimaryKey): boolean {
  return sk.startsWith(`${SK.config}#`) && sk !== `${SK.config}#${DEFAULT_RESOURCE}`;
}
