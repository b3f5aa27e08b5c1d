import type { BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { NoLimitsConfiguredError } from '../core/errors.js';
import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import type { LimitSource } from '../core/limit-view.js';
import type { Limit } from '../core/limit.js';
import type { OnUnavailable } from '../core/on-unavailable.js';
import type { Item } from '../schema/attributes.js';
import { bucketTarget, type Lineage } from '../schema/bucket-item.js';
import { configKey, parseLimits, parseOnUnavailable, type LimitScope } from '../schema/config-item.js';
import { parseEntity } from '../schema/entity-item.js';
import { pk, SK, type PrimaryKey } from '../schema/keys.js';
import type { RequestStore } from '../store/store.js';
import { cacheKey, ConfigCache, type CacheKey, type CacheStats } from './config-cache.js';

/** The limits that apply to an entity and resource. */
export interface ResolvedLimits {
  readonly limits: readonly Limit[];
  readonly source: LimitSource;
  /** The same limits, as a bucket should carry them. */
  readonly target: BucketTarget;
  /** When they were read, in epoch milliseconds; Infinity for limits that the request brought. */
  readonly readAt: number;
}

/** What is known of an entity and resource: its limits, and its place in the hierarchy. */
export interface Known {
  readonly resolved: ResolvedLimits;
  readonly lineage: Lineage;
}

/** The same where it may be known that there are no limits. */
export interface Remembered {
  readonly resolved: ResolvedLimits | undefined;
  readonly lineage: Lineage;
}

/** What one stored item says: the limits of a level, or an entity's place in the hierarchy. */
interface Level {
  readonly limits: readonly Limit[];
  readonly target: BucketTarget;
  readonly readAt: number;
  /** Why the level cannot be read. */
  readonly corrupt: Error | undefined;
  readonly lineage: Lineage;
}

/** Where the limits of an entity and resource may be stored, highest first. */
interface Levels {
  readonly keys: readonly PrimaryKey[];
  /** The same, behind the entity's own record. */
  readonly withEntity: readonly CacheKey[];
  readonly sources: readonly LimitSource[];
}

export interface ResolverOptions {
  /** How long a stored limit is used without looking again. 0 turns the cache off. @default 60000 */
  readonly ttlMs?: number;
  /** Stored items kept in memory at most. @default 10000 */
  readonly maxEntries?: number;
}

/** Entities and resources whose keys are kept, as many as whose limits are by default: three items each. They are made again for others. */
const MAX_LEVELS = 3333;

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
  private readonly revalidatedAt = new Map<string, number>();
  private readonly levelsById = new Map<string, Levels>();
  private policy: OnUnavailable | undefined;

  constructor(
    store: RequestStore, private readonly namespaceId: string, private readonly clock: Clock,
    { ttlMs = 60_000, maxEntries = 10_000 }: ResolverOptions = {}, timeoutMs?: number,
  ) {
    this.cache = new ConfigCache(store, clock, (key, item) => this.parse(key, item), { ttlMs, maxEntries, timeoutMs });
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
   * What memory knows; undefined when something was never read. Stale items are served once more while they are read again
   * in the background, so that no request waits for a refresh.
   */
  peek(entity: string, resource: string): Remembered | undefined {
    const levels = this.levels(entity, resource);
    const known = this.cache.peek(levels.withEntity);
    if (known?.stale === true) void this.cache.read(levels.withEntity).catch(() => undefined); // the next request tries again
    if (known === undefined) return undefined;
    const [family, ...values] = known.values;
    return { resolved: choose(values, levels), lineage: family!.lineage };
  }

  /**
   * The limits, read again because memory does not fit: a bucket carries others, or a request would be refused for good.
   * Within two seconds of the last such read memory is trusted; `readAt` tells how old it is.
   *
   * @throws {NoLimitsConfiguredError} no level holds any
   */
  async revalidate(entity: string, resource: string): Promise<ResolvedLimits> {
    const id = `${entity}#${resource}`;
    const now = this.clock.now();
    if (now - (this.revalidatedAt.get(id) ?? -Infinity) < REVALIDATE_INTERVAL_MS) return this.resolve(entity, resource);
    this.revalidatedAt.delete(id);
    this.revalidatedAt.set(id, now);
    if (this.revalidatedAt.size > 1000) this.revalidatedAt.delete(this.revalidatedAt.keys().next().value!);
    const levels = this.levels(entity, resource);
    return choose(await this.cache.reread(levels.keys), levels) ?? noLimits(entity, resource);
  }

  /**
   * The limits and lineage, for a request that memory does not serve: read for the first time, or once more when memory
   * says that there are no limits. 1 call.
   *
   * @throws {NoLimitsConfiguredError} no level holds any
   */
  async lookUp(entity: string, resource: string): Promise<Known> {
    const levels = this.levels(entity, resource);
    if (this.cache.peek(levels.keys) !== undefined) {
      const [resolved, lineage] = await Promise.all([this.revalidate(entity, resource), this.lineage(entity)]);
      return { resolved, lineage };
    }
    return this.know(entity, resource);
  }

  /**
   * The limits and lineage, not older than the cache's time to live. At most 1 call.
   *
   * @throws {NoLimitsConfiguredError} no level holds any
   */
  async know(entity: string, resource: string): Promise<Known> {
    const levels = this.levels(entity, resource);
    const [family, ...values] = await this.cache.read(levels.withEntity);
    return { resolved: choose(values, levels) ?? noLimits(entity, resource), lineage: family!.lineage };
  }

  /**
   * The entity's place in the hierarchy, for callers who bring their own limits. The policy for outages is read with it, so
   * that they know it too. At most 1 call.
   */
  async lineage(entity: string): Promise<Lineage> {
    const [family] = await this.cache.read([this.entityKey(entity), configKey(this.namespaceId, {})]);
    return family!.lineage;
  }

  /** The entity's place in the hierarchy from memory, refreshed like `peek`. */
  peekLineage(entity: string): Lineage | undefined {
    const keys = [this.entityKey(entity)];
    const known = this.cache.peek(keys);
    if (known?.stale === true) void this.cache.read(keys).catch(() => undefined);
    return known?.values[0]!.lineage;
  }

  /** The stored policy for outages, as last seen, however old. Makes no call. */
  get onUnavailable(): OnUnavailable | undefined {
    return this.policy;
  }

  /** Forgets one stored level, or everything. */
  evict(scope?: LimitScope): void {
    this.cache.evict(scope && [configKey(this.namespaceId, scope)]);
  }

  /** Forgets an entity's place in the hierarchy. */
  evictEntity(entity: string): void {
    this.cache.evict([this.entityKey(entity)]);
  }

  private entityKey(entity: string): PrimaryKey {
    return { pk: pk.entity(this.namespaceId, entity), sk: SK.entity };
  }

  private parse(key: PrimaryKey, item: Item = {}): Level {
    if (key.sk === SK.config && key.pk === pk.system(this.namespaceId)) this.policy = parseOnUnavailable(item);
    const readAt = this.clock.now();
    const lineage = key.sk === SK.entity ? parseEntity(item) : ORPHAN;
    try {
      const limits = parseLimits(item);
      // A bucket whose limits are the entity's own on this resource stays for ever; any other may expire when it lies idle.
      return { limits, target: bucketTarget(limits, !isEntityLevel(key)), readAt, lineage, corrupt: undefined };
    } catch (error) {
      return { limits: [], target: bucketTarget([], true), readAt, lineage, corrupt: error as Error };
    }
  }

  private levels(entity: string, resource: string): Levels {
    const id = `${entity}#${resource}`;
    const known = this.levelsById.get(id);
    if (known !== undefined) return known;
    const levels = this.newLevels(entity, resource);
    this.levelsById.set(id, levels);
    if (this.levelsById.size > MAX_LEVELS) this.levelsById.delete(this.levelsById.keys().next().value!);
    return levels;
  }

  private newLevels(entity: string, resource: string): Levels {
    const scopes: [LimitSource, LimitScope][] = [
      ['entity', { entity, resource }],
      ...(resource === DEFAULT_RESOURCE ? [] : [['entityDefault', { entity }] as [LimitSource, LimitScope]]),
      ['resource', { resource }],
      ['system', {}],
    ];
    const keys = scopes.map(([, scope]) => cacheKey(configKey(this.namespaceId, scope)));
    return { sources: scopes.map(([source]) => source), keys, withEntity: [cacheKey(this.entityKey(entity)), ...keys] };
  }
}

/** A level that cannot be read counts only when no higher one decides: it must not take down entities with limits of their own. */
function choose(values: readonly Level[], { sources }: Levels): ResolvedLimits | undefined {
  let readAt = Infinity;
  for (const level of values) readAt = Math.min(readAt, level.readAt);
  for (let at = 0; at < values.length; at++) { // for every request: entries() would cost it more than all the rest here
    const { limits, target, corrupt } = values[at]!;
    if (corrupt !== undefined) throw corrupt;
    if (limits.length > 0) return { limits, source: sources[at]!, target, readAt };
  }
  return undefined;
}

const ORPHAN: Lineage = { cascade: false, parentId: undefined };

function noLimits(entity: string, resource: string): never {
  throw new NoLimitsConfiguredError(entity, resource);
}

function isEntityLevel({ sk }: PrimaryKey): boolean {
  return sk.startsWith(`${SK.config}#`) && sk !== `${SK.config}#${DEFAULT_RESOURCE}`;
}
