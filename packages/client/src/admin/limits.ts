import { InvalidIdentifierError, InvalidNameError, LimiterUnavailableError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkResource, DEFAULT_RESOURCE } from '../core/identifiers.js';
import { checkLimits, type Limit } from '../core/limit.js';
import { checkOnUnavailable, type OnUnavailable } from '../core/on-unavailable.js';
import { text, type Item } from '../schema/attributes.js';
import { parametersUpdate } from '../schema/bucket-item.js';
import {
  CONFIG, configAttributes, configKey, isLimitAttribute, limitAttributes, parseLimits, parseOnUnavailable, type LimitScope,
} from '../schema/config-item.js';
import { pk, SK } from '../schema/keys.js';
import { GSI4, indexKeys, PARTITION_KEY } from '../schema/table.js';
import { setAll, setAllIfAbsent, type Change, type Condition, type ItemUpdate, type ItemWrite } from '../schema/update.js';
import { RESERVED_COUNTERS } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';

/** Limits that are stored for one scope. */
export interface StoredLimits {
  readonly limits: readonly Limit[];
  /** Policy for outages; stored for the whole namespace only. */
  readonly onUnavailable: OnUnavailable | undefined;
}

export interface SetLimitsOptions {
  /** Policy for outages, for the whole namespace only. @default the stored policy stays */
  readonly onUnavailable?: OnUnavailable;
}

/** Times that a change is tried again after somebody else changed the same limits. */
const ATTEMPTS = 4;

/**
 * Stores limits on four levels; the first level that holds any applies whole.
 *
 * A scope of `{ entity, resource }` is the highest level, then `{ entity }`, `{ resource }` and `{}`, the whole
 * namespace. A live bucket follows with the next request of any process of this client that knows the change: at once in
 * the process that made it, in others when their cache is a minute old or the bucket shows it to them. Python clients
 * follow the bucket.
 */
export class LimitsAdmin {
  constructor(private readonly store: Store, private readonly namespaceId: string, private readonly onChange: (scope: LimitScope) => void) {}

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
   * Stores limits for a scope, instead of those that it had. Other settings of the scope stay.
   *
   * Cost: 1 read and 1 transaction of 1 or 2 writes; 1 more write for an entity on one resource, whose bucket is
   * corrected at once for the sake of Python clients.
   *
   * @throws {ValidationError} an identifier is not valid, a limit's name is reserved, or the list is empty
   */
  async set(limits: readonly Limit[], scope: LimitScope = {}, { onUnavailable }: SetLimitsOptions = {}): Promise<void> {
    checkScope(scope);
    checkCreatable(limits, scope, onUnavailable);
    await this.change(scope, (old) => ({
      registered: true,
      changes: new Map([
        ...Object.keys(old ?? {}).filter(isLimitAttribute).map((name): [string, Change] => [name, { remove: true }]),
        ...setAll({ ...configAttributes(this.namespaceId, scope), ...limitAttributes(limits), [CONFIG.revision]: text(crypto.randomUUID()) }),
        ...setAll(onUnavailable === undefined ? {} : { [CONFIG.onUnavailable]: text(onUnavailable) }),
      ]),
    }));
    const { entity, resource } = scope;
    if (entity !== undefined && resource !== undefined) {
      await this.store.update(parametersUpdate({ namespaceId: this.namespaceId, entity, resource, shard: 0 }, limits));
    }
  }

  /**
   * Removes the limits of a scope, so that the next lower level applies. Nothing happens when there are none.
   *
   * Cost: 1 read and 1 transaction of 1 or 2 writes.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  async delete(scope: LimitScope = {}): Promise<void> {
    checkScope(scope);
    await this.change(scope, (old) => {
      if (old === undefined) return undefined;
      const changes = isSystem(scope) ? removeSystemLimits(old) : undefined;
      return changes?.size === 0 ? undefined : { registered: false, changes };
    });
  }

  private async change(scope: LimitScope, next: (old: Item | undefined) => Next | undefined): Promise<void> {
    const key = configKey(this.namespaceId, scope);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const old = await this.store.get(key, { consistent: true });
      const wanted = next(old);
      if (wanted === undefined) return;
      if (await this.store.transact(this.writes(scope, old, wanted))) return this.onChange(scope);
    }
    throw new LimiterUnavailableError('the limits were changed by others again and again', true);
  }

  private writes(scope: LimitScope, old: Item | undefined, { registered, changes }: Next): ItemWrite[] {
    const key = configKey(this.namespaceId, scope);
    const conditions = old === undefined ? [{ absent: PARTITION_KEY }] : unchangedSince(old);
    const own: ItemWrite = changes === undefined ? { delete: key, conditions } : { update: { key, conditions, changes } };
    const registry = this.registryUpdate(scope, old !== undefined, registered);
    return registry === undefined ? [own] : [own, { update: registry }];
  }

  /** The registries let operators list where limits are stored; they change in the same transaction (W38). */
  private registryUpdate({ entity, resource }: LimitScope, existed: boolean, registered: boolean): ItemUpdate | undefined {
    const partition = pk.system(this.namespaceId);
    const index = setAllIfAbsent(indexKeys(GSI4, this.namespaceId, partition));
    if (entity !== undefined) {
      if (existed === registered) return undefined;
      const count: [string, Change] = [resource ?? DEFAULT_RESOURCE, { add: registered ? 1 : -1 }];
      return { key: { pk: partition, sk: SK.entityConfigResources }, conditions: [], changes: new Map([count, ...index]) };
    }
    if (resource === undefined) return undefined;
    const member: [string, Change] = ['resources', registered ? { addToSet: resource } : { removeFromSet: resource }];
    return { key: { pk: partition, sk: SK.resources }, conditions: [], changes: new Map([member, ...(registered ? index : [])]) };
  }
}

interface Next {
  /** Whether the scope holds limits afterwards. */
  readonly registered: boolean;
  /** Undefined when the item goes. */
  readonly changes: ReadonlyMap<string, Change> | undefined;
}

const isSystem = ({ entity, resource }: LimitScope): boolean => entity === undefined && resource === undefined;

/** Holds while the limits are those that were read: two changes at the same time must not mix. */
function unchangedSince(old: Item): Condition[] {
  const revision = old[CONFIG.revision];
  return [
    { exists: PARTITION_KEY },
    revision === undefined ? { absent: CONFIG.revision } : { equals: [CONFIG.revision, revision] },
    ...Object.entries(old).filter(([name]) => isLimitAttribute(name)).map(([name, value]): Condition => ({ equals: [name, value] })),
  ];
}

/** The system's item also holds settings that are not limits, so it stays (W37). */
function removeSystemLimits(old: Item): ReadonlyMap<string, Change> {
  return new Map(Object.keys(old).filter((name) => isLimitAttribute(name) || name === CONFIG.onUnavailable).map((name) => [name, { remove: true }]));
}

function checkScope({ entity, resource }: LimitScope): void {
  if (entity !== undefined) checkEntityId(entity);
  if (resource !== undefined) checkResource(resource);
}

/** Rules for what is new; what older clients stored is still read. */
function checkCreatable(limits: readonly Limit[], { entity, resource }: LimitScope, onUnavailable: OnUnavailable | undefined): void {
  checkLimits(limits);
  checkOnUnavailable(onUnavailable);
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
