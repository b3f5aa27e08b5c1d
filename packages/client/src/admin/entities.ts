import type { Clock } from '../core/clock.js';
import { EntityExistsError, EntityNotFoundError, ValidationError } from '../core/errors.js';
import { checkEntityId, DEFAULT_RESOURCE } from '../core/identifiers.js';
import { readText, toAttribute, type Item, type Plain } from '../schema/attributes.js';
import { lineageUpdate } from '../schema/bucket-admin.js';
import { bucketKey, type Lineage } from '../schema/bucket-item.js';
import { CONFIG, type LimitScope } from '../schema/config-item.js';
import { entityItem, entityKey, parentChanges, parseEntity, type Entity } from '../schema/entity-item.js';
import { gsi, pk, SK, type PrimaryKey } from '../schema/keys.js';
import { GSI1, GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Change } from '../schema/update.js';
import { isoSeconds } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';
import type { AuditOptions, AuditTrail } from './audit-trail.js';
import { contended } from './contended.js';
import { forgetUncounted, removeConfigs } from './limit-registry.js';
import { inGroups, List, mapEntries, queryFrom, type Entry, type ReadFrom } from './list.js';
import { findBuckets, forEachInParallel, readShards } from './shards.js';

export interface NewEntity {
  readonly id: string;
  /** For people. @default the id */
  readonly name?: string;
  /** Entity above this one; need not exist. @default none */
  readonly parentId?: string;
  /** Whether consumption is also charged to the parent. @default false */
  readonly cascade?: boolean;
  /** Anything that JSON can hold. @default nothing */
  readonly metadata?: Readonly<Record<string, Plain>>;
}

export interface EntityChanges {
  /** @default stays */
  readonly name?: string;
  /** Another parent, or null for none. @default stays */
  readonly parentId?: string | null;
  /** @default stays */
  readonly cascade?: boolean;
  /** Replaces all of it. @default stays */
  readonly metadata?: Readonly<Record<string, Plain>>;
}

/** Keys that are read in one call. */
const BATCH = 100;
/** Limits that are removed in one transaction, beside their counters. */
const CONFIGS = 50;
/** Times that what was found is looked for again, because something may be written while an entity is removed. */
const PASSES = 5;

/**
 * Records of entities: names, hierarchy and metadata. An entity needs none to be limited, only to have a parent.
 */
export class EntitiesAdmin {
  /**
   * @param onEntityChange told which entity changed, so that the process forgets its place in the hierarchy at once
   * @param onLimitsChange told which limits went with an entity
   */
  constructor(
    private readonly store: Store, private readonly namespaceId: string, private readonly clock: Clock, private readonly trail: AuditTrail,
    private readonly onEntityChange: (entity: string) => void, private readonly onLimitsChange: (scope: LimitScope) => void,
  ) {}

  /**
   * Creates the record of an entity. Buckets that it has already get its place in the hierarchy (W34).
   *
   * Cost: 2 reads and 1 transaction of 2 writes; 1 more write for each bucket.
   *
   * @throws {EntityExistsError} there is one already
   * @throws {ValidationError} an id or the metadata is not valid
   */
  async create({ id, name, parentId, cascade = false, metadata = {} }: NewEntity, options: AuditOptions = {}): Promise<Entity> {
    checkEntityId(id, 'id');
    checkParent(id, parentId);
    checkMetadata(metadata);
    const audit = this.trail.by(options);
    const entity: Entity = { id, name: name || id, parentId, cascade, metadata, createdAt: isoSeconds(this.clock.now()) };
    const details = { name: entity.name!, parent_id: parentId ?? null, cascade, metadata };
    const created = await this.store.transact([
      { put: entityItem(this.namespaceId, entity), conditions: [{ absent: PARTITION_KEY }] },
      await audit({ action: 'entity_created', scope: { entity: id }, details }),
    ]);
    if (!created) throw new EntityExistsError(id);
    await this.follow(id, entity);
    return entity;
  }

  /**
   * The record of an entity; undefined when there is none. 1 read, consistent.
   *
   * @throws {ValidationError} the id is not valid
   */
  async get(id: string): Promise<Entity | undefined> {
    checkEntityId(id, 'id');
    const item = await this.store.get(entityKey(this.namespaceId, id), { consistent: true });
    return item && parseEntity(item);
  }

  /**
   * Changes what is given and keeps the rest. Buckets follow a change of the hierarchy.
   *
   * Cost: 2 reads and 1 transaction of 2 writes; 1 more read and 1 write for each bucket after a change of the hierarchy.
   *
   * @returns the entity as it is now
   * @throws {EntityNotFoundError} there is no record of it
   * @throws {ValidationError} an id or the metadata is not valid, or there is nothing to change
   */
  async update(id: string, changes: EntityChanges, options: AuditOptions = {}): Promise<Entity> {
    checkEntityId(id, 'id');
    const { name, parentId, cascade, metadata } = changes;
    checkParent(id, parentId ?? undefined);
    if (metadata !== undefined) checkMetadata(metadata);
    const audit = this.trail.by(options);
    const details: Record<string, Plain> = {
      ...(name !== undefined && { name: name || id }),
      ...(cascade !== undefined && { cascade }),
      ...(metadata !== undefined && { metadata }),
      ...(parentId !== undefined && { parent_id: parentId }),
    };
    if (Object.keys(details).length === 0) throw new ValidationError('changes', '{}', 'empty', 'must change something');
    const { parent_id: parent, ...attributes } = details;
    const applied = await this.store.transact([
      {
        update: {
          key: entityKey(this.namespaceId, id),
          conditions: [{ exists: PARTITION_KEY }],
          changes: new Map<string, Change>([
            ...Object.entries(attributes).map(([attribute, value]): [string, Change] => [attribute, { set: toAttribute(value) }]),
            ...(parent === undefined ? [] : parentChanges(this.namespaceId, id, parentId ?? undefined)),
          ]),
        },
      },
      await audit({ action: 'entity_updated', scope: { entity: id }, details }),
    ]);
    const entity = applied ? await this.get(id) : undefined;
    if (entity === undefined) throw new EntityNotFoundError(id);
    if (parentId !== undefined || cascade !== undefined) await this.follow(id, entity);
    else this.onEntityChange(id);
    return entity;
  }

  /**
   * Removes an entity with its limits, usage and buckets. Its audit events stay until they expire, its children stay.
   * Nothing happens when there is nothing of it.
   *
   * What is removed last is its record, together with the audit event: when the call fails, another one finishes it. Stop
   * requests for the entity before, or they create new buckets.
   *
   * Cost: 1 read for each page of up to 1 MB of what the entity has, at least 3, and 1 write for each item.
   *
   * @returns how many items were removed
   * @throws {ValidationError} the id is not valid
   */
  async delete(id: string, options: AuditOptions = {}): Promise<number> {
    checkEntityId(id, 'id');
    const audit = this.trail.by(options);
    let removed = 0;
    for (let pass = 0; pass < PASSES; pass++) {
      const { record, configs, others } = await this.inventory(id);
      if (configs.length === 0 && others.length === 0) {
        if (record === undefined && removed === 0) return 0;
        const total = removed + (record === undefined ? 0 : 1);
        const event = await audit({ action: 'entity_deleted', scope: { entity: id }, details: { records_deleted: total } });
        const deletion = record === undefined ? [] : [{ delete: entityKey(this.namespaceId, id), conditions: [{ exists: PARTITION_KEY }] }];
        if (!await this.store.transact([...deletion, event])) continue; // somebody else was faster
        this.onEntityChange(id);
        return total;
      }
      await this.store.deleteMany(others);
      await this.deleteConfigs(id, configs);
      removed += others.length + configs.length;
    }
    throw contended(`the items of entity '${id}'`);
  }

  /**
   * Entities directly under a parent, by their ids.
   *
   * Cost: 1 read for each page of up to 1 MB, of an index that is a moment late.
   *
   * @throws {ValidationError} the id is not valid
   */
  children(parentId: string): List<Entity> {
    checkEntityId(parentId, 'parentId');
    const query = { index: GSI1, partition: gsi.parent(this.namespaceId, parentId), prefix: gsi.child('') };
    return new List((from) => mapEntries(queryFrom(this.store, query, from), parseEntity));
  }

  /**
   * All entities that have a record, by their ids.
   *
   * Cost: 1 read for each page of up to 1 MB of the keys of all entities' items, usage included, and 1 for each 100
   * entities; of an index that is a moment late.
   */
  list(): List<Entity> {
    const { store, namespaceId } = this;
    const query = { index: GSI4, partition: namespaceId, prefix: pk.entity(namespaceId, '') };
    return new List(async function* ({ after, pageSize }: ReadFrom): AsyncIterable<Entry<Entity>> {
      // A page of keys holds those of all items, so its size says nothing of the number of entities.
      const records = mapEntries(queryFrom(store, query, { after }), (item) => (readText(item, SORT_KEY) === SK.entity ? keyOf(item) : undefined));
      for await (const group of inGroups(records, Math.min(pageSize ?? BATCH, BATCH))) {
        const items = await store.getMany(group.map(({ value }) => value));
        for (const [at, { position }] of group.entries()) {
          if (items[at] !== undefined) yield { value: parseEntity(items[at]), position };
        }
      }
    });
  }

  /** Gives the entity's buckets its place in the hierarchy. */
  private async follow(id: string, lineage: Lineage): Promise<void> {
    this.onEntityChange(id);
    const buckets = await findBuckets(this.store, this.namespaceId, id);
    await forEachInParallel(buckets, (bucket) => this.store.update(lineageUpdate(bucket, lineage)));
  }

  /** Everything that belongs to an entity: its partition is read consistently, further shards are asked for by name. */
  private async inventory(id: string): Promise<{ record: Item | undefined; configs: Item[]; others: PrimaryKey[] }> {
    const items: Item[] = [];
    for await (const item of this.store.query({ partition: pk.entity(this.namespaceId, id), consistent: true })) items.push(item);
    const sortKey = (item: Item): string => readText(item, SORT_KEY)!;
    const record = items.find((item) => sortKey(item) === SK.entity);
    const configs = items.filter((item) => sortKey(item).startsWith(`${SK.config}#`));
    const rest = items.filter((item) => item !== record && !configs.includes(item)).map(keyOf);
    const resources = items.flatMap((item) => readText(item, CONFIG.resource) ?? []).filter((name) => name !== DEFAULT_RESOURCE);
    const buckets = await this.buckets(id, resources);
    // Buckets first: what is left of the entity leads to those that no index shows.
    return { record, configs, others: [...buckets, ...rest] };
  }

  /** Buckets that are there: those that the index shows, and those of the resources that the entity's items name. */
  private async buckets(id: string, resources: readonly string[]): Promise<PrimaryKey[]> {
    const indexed = await findBuckets(this.store, this.namespaceId, id);
    const found = new Map<string, PrimaryKey>();
    await forEachInParallel([...new Set([...resources, ...indexed.map(({ resource }) => resource)])], async (resource) => {
      for (const { key, item } of await readShards(this.store, { namespaceId: this.namespaceId, entity: id, resource })) {
        if (item !== undefined) found.set(pk.bucket(key), bucketKey(key));
      }
    });
    // Shards that shard 0 does not count. The index is a moment late, so it may also show what is gone.
    const others = indexed.filter((key) => !found.has(pk.bucket(key))).map(bucketKey);
    const items = await this.store.getMany(others, { consistent: true });
    return [...found.values(), ...others.filter((_, at) => items[at] !== undefined)];
  }

  /** Limits go with their counters in the registry, so that no list shows what is not there (W35). */
  private async deleteConfigs(id: string, configs: readonly Item[]): Promise<void> {
    for (let start = 0; start < configs.length; start += CONFIGS) {
      const { writes, resources } = removeConfigs(this.namespaceId, configs.slice(start, start + CONFIGS));
      if (!await this.store.transact(writes)) continue; // changed meanwhile: the next pass finds them
      await forgetUncounted(this.store, this.namespaceId, resources);
    }
    for (const config of configs) this.onLimitsChange({ entity: id, resource: readText(config, SORT_KEY)!.slice(`${SK.config}#`.length) });
  }
}

const keyOf = (item: Item): PrimaryKey => ({ pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! });

function checkParent(id: string, parentId: string | undefined): void {
  if (parentId === undefined) return;
  checkEntityId(parentId, 'parentId');
  if (parentId === id) throw new ValidationError('parentId', parentId, 'duplicate', 'must be another entity');
}

/** Refuses what the table cannot hold, before anything is written. */
function checkMetadata(value: unknown, field = 'metadata'): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  if (typeof value !== 'object') throw new ValidationError(field, value, 'type', 'must be text, a finite number, a boolean, null, a list or a map');
  for (const [name, entry] of Object.entries(value as object)) checkMetadata(entry, `${field}.${name}`);
}
