import type { Clock } from '../core/clock.js';
import { InvalidIdentifierError, InvalidNameError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkResource, DEFAULT_RESOURCE } from '../core/identifiers.js';
import { checkLimits, type Limit } from '../core/limit.js';
import { checkOnUnavailable, type OnUnavailable } from '../core/on-unavailable.js';
import { readText, text, type Item, type Plain } from '../schema/attributes.js';
import { reconcileUpdate } from '../schema/bucket-admin.js';
import { bucketTtlSeconds, targetLimit } from '../schema/bucket-item.js';
import {
  CONFIG, configAttributes, configKey, isCounted, isLimitAttribute, limitAttributes, limitNames, limitScopes, parseLimits, parseOnUnavailable,
  type LimitScope,
} from '../schema/config-item.js';
import { gsi, pk, SK } from '../schema/keys.js';
import { GSI3, GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import { setAll, type Change, type Condition, type ItemWrite } from '../schema/update.js';
import { RESERVED_COUNTERS } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';
import type { AuditOptions, AuditRecord, AuditTrail } from './audit-trail.js';
import { ATTEMPTS, contended } from './contended.js';
import { forgetUncounted, registryUpdate } from './limit-registry.js';
import { entriesOf, List, mapEntries, queryFrom, type ReadFrom } from './list.js';
import { changeShard, forEachInParallel, readShards } from './shards.js';

/** Limits that are stored for one scope. */
export interface StoredLimits {
  readonly limits: readonly Limit[];
  /** Policy for outages; stored for the whole namespace only. */
  readonly onUnavailable: OnUnavailable | undefined;
}

export interface SetLimitsOptions extends AuditOptions {
  /** Policy for outages, for the whole namespace only; null removes the stored one. @default the stored policy stays */
  readonly onUnavailable?: OnUnavailable | null;
}

/**
 * Stores limits on four levels; the first level that holds any applies whole.
 *
 * A scope of `{ entity, resource }` is the highest level, then `{ entity }`, `{ resource }` and `{}`, the whole
 * namespace. A live bucket follows with the next request of any process of this client that knows the change: at once in
 * the process that made it, in others when their cache is a minute old or the bucket shows it to them. Python clients
 * follow the bucket, which is why limits of an entity on one resource are written to it at once.
 */
export class LimitsAdmin {
  /** @param onChange told which stored limits changed, so that the process forgets the old ones at once */
  constructor(
    private readonly store: Store, private readonly namespaceId: string, private readonly clock: Clock, private readonly trail: AuditTrail,
    private readonly onChange: (scope: LimitScope) => void,
  ) {}

  /**
   * The limits stored for exactly this scope; empty when there are none. 1 read, consistent.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  async get(scope: LimitScope = {}): Promise<StoredLimits> {
    checkScope(scope);
    const item = await this.store.get(configKey(this.namespaceId, scope), { consistent: true }) ?? {};
    return { limits: parseLimits(item), onUnavailable: parseOnUnavailable(item) };
  }

  /**
   * Stores limits for a scope, instead of those that it had. Other settings of the scope stay. With a policy for outages
   * the list may be empty: then the namespace has the policy alone.
   *
   * Cost: 2 reads and 1 transaction of 2 or 3 writes; 1 more read and write for each shard of the bucket when the limits
   * are those of an entity on one resource.
   *
   * @throws {ValidationError} an identifier is not valid, a limit's name is reserved, or the list is empty
   */
  async set(limits: readonly Limit[], scope: LimitScope = {}, options: SetLimitsOptions = {}): Promise<void> {
    checkScope(scope);
    if (limits.length > 0 || !options.onUnavailable) checkLimits(limits);
    await this.write(scope, options, limits, () => limits);
  }

  /**
   * Changes some limits of a scope, by their names, or adds them. Its other limits stay. An empty list changes the policy
   * for outages alone.
   *
   * Cost: that of `set`.
   *
   * @throws {ValidationError} an identifier is not valid, a limit's name is reserved, or there is nothing to change
   * @throws {CorruptRecordError} the limits of the scope cannot be read; `set` replaces them
   */
  async merge(limits: readonly Limit[], scope: LimitScope = {}, options: SetLimitsOptions = {}): Promise<void> {
    checkScope(scope);
    if (limits.length > 0 || options.onUnavailable === undefined) checkLimits(limits);
    await this.write(scope, options, limits, (old) => {
      const merged = new Map([...parseLimits(old), ...limits].map((limit) => [limit.name, limit]));
      return [...merged.values()];
    });
  }

  /**
   * Removes the limits of a scope, so that the next lower level applies. Nothing happens when there are none.
   *
   * Cost: 2 reads and 1 transaction of 2 or 3 writes; 1 more write for an entity's limits, and for those on one resource
   * 2 more reads, and 1 read and write for each shard of the bucket.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  async delete(scope: LimitScope = {}, options: AuditOptions = {}): Promise<void> {
    checkScope(scope);
    const removed = await this.change(scope, options, (old) => {
      if (old === undefined) return undefined;
      if (!isSystem(scope)) return { registered: false, changes: undefined, record: { action: 'limits_deleted', scope } };
      if (!Object.keys(old).some(isSystemLimit)) return undefined;
      return { registered: false, changes: removeSystemLimits(old), record: { action: 'limits_deleted', scope, details: systemDetails(old) } };
    });
    const { entity, resource } = scope;
    if (removed === undefined || entity === undefined) return;
    await forgetUncounted(this.store, this.namespaceId, [resource ?? DEFAULT_RESOURCE]);
    if (resource !== undefined) await this.fallBack(entity, resource, removed);
  }

  /** Resources that have limits of their own, by name. 1 read. */
  resources(): List<string> {
    return this.registryList(SK.resources, (item) => {
      const { resources } = item;
      return resources !== undefined && 'SS' in resources ? resources.SS : [];
    });
  }

  /** Resources on which entities have limits of their own, by name; `_default_` when some have limits for all. 1 read. */
  entityResources(): List<string> {
    return this.registryList(SK.entityConfigResources, (item) =>
      Object.entries(item).filter(([, value]) => 'N' in value && Number(value.N) > 0).map(([name]) => name));
  }

  /**
   * Entities that have limits of their own on a resource, or for all resources when none is named. Limits that a
   * provisioner of the Python library stored are missing: nothing lists them.
   *
   * Cost: 1 read for each page of up to 1 MB, of an index that is a moment late.
   *
   * @throws {ValidationError} the resource is not valid
   */
  entities(resource?: string): List<string> {
    if (resource !== undefined) checkResource(resource);
    const query = { index: GSI3, partition: gsi.entityConfig(this.namespaceId, resource ?? DEFAULT_RESOURCE) };
    return new List((from) => mapEntries(queryFrom(this.store, query, from), (item) => readText(item, GSI3.sortKey)));
  }

  private registryList(sk: string, names: (item: Item) => readonly string[]): List<string> {
    const { store, namespaceId } = this;
    return new List(async function* (from: ReadFrom) {
      const item = await store.get({ pk: pk.system(namespaceId), sk }, { consistent: true });
      yield* entriesOf([...names(item ?? {})].sort(), from);
    });
  }

  private async write(scope: LimitScope, options: SetLimitsOptions, given: readonly Limit[], wanted: (old: Item) => readonly Limit[]): Promise<void> {
    const { onUnavailable } = options;
    checkCreatable(given, scope, onUnavailable);
    let limits: readonly Limit[] = [];
    await this.change(scope, options, (old = {}) => {
      limits = wanted(old);
      return {
        registered: true,
        record: {
          action: 'limits_set',
          scope,
          details: { limits: limits.map(asDetail), ...(isSystem(scope) && { on_unavailable: policyAfter(old, onUnavailable) }) },
        },
        changes: new Map([
          ...Object.keys(old).filter(isLimitAttribute).map((name): [string, Change] => [name, { remove: true }]),
          ...setAll({ ...configAttributes(this.namespaceId, scope), ...limitAttributes(limits), [CONFIG.revision]: text(crypto.randomUUID()) }),
          ...policyChange(onUnavailable),
        ]),
      };
    });
    const { entity, resource } = scope;
    if (entity !== undefined && resource !== undefined) await this.reconcile(entity, resource, limits, 'never');
  }

  /** @returns the item that was changed, as it was before; undefined when nothing was to be changed */
  private async change(scope: LimitScope, options: AuditOptions, next: (old: Item | undefined) => Next | undefined): Promise<Item | undefined> {
    const audit = this.trail.by(options);
    const key = configKey(this.namespaceId, scope);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const old = await this.store.get(key, { consistent: true });
      const wanted = next(old);
      if (wanted === undefined) return undefined;
      const event = await audit(wanted.record);
      if (await this.store.transact([...this.writes(scope, old, wanted), event])) {
        this.onChange(scope);
        return old ?? {};
      }
    }
    throw contended('the limits');
  }

  private writes(scope: LimitScope, old: Item | undefined, { registered, changes }: Next): ItemWrite[] {
    const key = configKey(this.namespaceId, scope);
    const conditions = old === undefined ? [{ absent: PARTITION_KEY }] : unchangedSince(old);
    // An item goes only with nothing else in it, not even what was written since it was read.
    const own: ItemWrite = changes === undefined
      ? { delete: key, conditions: [...conditions, { absent: CONFIG.auditRetentionDays }] }
      : { update: { key, conditions, changes } };
    const registry = registryUpdate(this.namespaceId, scope, isCounted(old), registered);
    return registry === undefined ? [own] : [own, { update: registry }];
  }

  /** Gives a bucket the limits of the level below those that were removed. Without any it may expire, as nobody can use it. */
  private async fallBack(entity: string, resource: string, removed: Item): Promise<void> {
    const limits = await resolveLimits(this.store, this.namespaceId, entity, resource);
    const remaining = limits.length > 0 ? limits : readableLimits(removed);
    const seconds = bucketTtlSeconds(remaining);
    await this.reconcile(entity, resource, remaining, seconds === undefined ? 'never' : { seconds });
  }

  /** Corrects every shard that is there. A damaged one is left to the next request, which writes it anew. */
  private async reconcile(entity: string, resource: string, limits: readonly Limit[], ttl: { readonly seconds: number } | 'never'): Promise<void> {
    if (limits.length === 0) return;
    const targets = new Map(limits.map((limit) => [limit.name, targetLimit(limit)]));
    const shards = await readShards(this.store, { namespaceId: this.namespaceId, entity, resource });
    await forEachInParallel(shards, (shard) => changeShard(this.store, shard, ({ key, state }) => (state?.refilledAt === undefined
      ? undefined
      : reconcileUpdate(state, { key, shardCount: Math.max(shards.length, state.shardCount), now: this.clock.now(), limits: targets, ttl }))));
  }
}

interface Next {
  /** Whether the scope holds limits afterwards. */
  readonly registered: boolean;
  /** Undefined when the item goes. */
  readonly changes: ReadonlyMap<string, Change> | undefined;
  readonly record: AuditRecord;
}

/**
 * The limits that apply to an entity and resource, read consistently; empty when none are stored. 1 read.
 *
 * @throws {CorruptRecordError} the level that applies cannot be read
 */
export async function resolveLimits(store: Store, namespaceId: string, entity: string, resource: string): Promise<readonly Limit[]> {
  const items = await store.getMany(limitScopes(entity, resource).map((scope) => configKey(namespaceId, scope)), { consistent: true });
  for (const item of items) {
    const limits = parseLimits(item ?? {});
    if (limits.length > 0) return limits;
  }
  return [];
}

const isSystem = ({ entity, resource }: LimitScope): boolean => entity === undefined && resource === undefined;

/** Undefined leaves the stored policy as it is. */
function policyChange(policy: OnUnavailable | null | undefined): [string, Change][] {
  return policy === undefined ? [] : [[CONFIG.onUnavailable, policy === null ? { remove: true } : { set: text(policy) }]];
}

function policyAfter(old: Item, policy: OnUnavailable | null | undefined): OnUnavailable | null {
  return policy === undefined ? parseOnUnavailable(old) ?? null : policy;
}

const asDetail = ({ name, capacity, refillAmount, refillPeriodSeconds }: Limit): Plain => ({
  name, capacity, refill_amount: refillAmount, refill_period_seconds: refillPeriodSeconds,
});

function systemDetails(old: Item): Record<string, Plain> {
  return { limits: limitNames(old), on_unavailable: parseOnUnavailable(old) ?? null };
}

/** Limits of an item that goes, if they can be read: nothing depends on them. */
function readableLimits(item: Item): readonly Limit[] {
  try {
    return parseLimits(item);
  } catch {
    return [];
  }
}

/** Holds while the limits are those that were read: two changes at the same time must not mix. */
function unchangedSince(old: Item): Condition[] {
  const revision = old[CONFIG.revision];
  return [
    { exists: PARTITION_KEY },
    revision === undefined ? { absent: CONFIG.revision } : { equals: [CONFIG.revision, revision] },
    ...Object.entries(old).filter(([name]) => isLimitAttribute(name)).map(([name, value]): Condition => ({ equals: [name, value] })),
  ];
}

const isSystemLimit = (attribute: string): boolean => isLimitAttribute(attribute) || attribute === CONFIG.onUnavailable;

/** Attributes that an item does not need when it holds no limits. */
const BESIDE_LIMITS: readonly string[] = [CONFIG.version, CONFIG.revision];
const KEYS: readonly string[] = [PARTITION_KEY, SORT_KEY, GSI4.partitionKey, GSI4.sortKey];

/** The system's item also holds settings that are not limits; it stays for them (W37). Undefined when there are none. */
function removeSystemLimits(old: Item): ReadonlyMap<string, Change> | undefined {
  const gone = Object.keys(old).filter((name) => isSystemLimit(name) || BESIDE_LIMITS.includes(name));
  const isLeft = Object.keys(old).some((name) => !gone.includes(name) && !KEYS.includes(name));
  return isLeft ? new Map(gone.map((name) => [name, { remove: true }])) : undefined;
}

function checkScope({ entity, resource }: LimitScope): void {
  if (entity !== undefined) checkEntityId(entity);
  if (resource !== undefined) checkResource(resource);
}

/** Rules for what is new; what older clients stored is still read. */
function checkCreatable(limits: readonly Limit[], { entity, resource }: LimitScope, onUnavailable: OnUnavailable | null | undefined): void {
  if (onUnavailable !== null) checkOnUnavailable(onUnavailable);
  if (onUnavailable !== undefined && (entity !== undefined || resource !== undefined)) {
    throw new ValidationError('onUnavailable', onUnavailable, 'unknown', 'can be stored for the whole namespace only');
  }
  for (const { name } of limits) {
    if (RESERVED_COUNTERS.has(name)) throw new InvalidNameError('name', name, 'reserved', 'would collide with an attribute of the usage records');
  }
  if (resource !== undefined && RESERVED_COUNTERS.has(resource)) {
    throw new InvalidIdentifierError('resource', resource, 'reserved', 'would collide with an attribute of the registry');
  }
}
