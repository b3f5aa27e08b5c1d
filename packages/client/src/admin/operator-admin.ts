import { systemClock, type Clock } from '../core/clock.js';
import { UnknownLimitError } from '../core/errors.js';
import { checkEntityId, checkResource } from '../core/identifiers.js';
import { applicationLimits } from '../core/plan.js';
import { MILLI } from '../core/token-bucket.js';
import { readText, type Item } from '../schema/attributes.js';
import type { AuditAction, AuditEvent } from '../schema/audit-item.js';
import { parseEntity, type Entity } from '../schema/entity-item.js';
import { parseBucketKey, pk, SK, type PrimaryKey } from '../schema/keys.js';
import { namespaceIdKey, parseNamespace, type Namespace } from '../schema/namespace-item.js';
import { GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { ItemWrite } from '../schema/update.js';
import type { Store } from '../store/store.js';
import { Admin } from './admin.js';
import { auditEventsIn, type AuditRange } from './audit-range.js';
import { AuditTrail } from './audit-trail.js';
import type { AuditFilter } from './audit.js';
import { contended } from './contended.js';
import { inGroups, List, mapEntries, queryFrom, type Entry, type ReadFrom } from './list.js';
import { checkRefund, refundUpdate, spreadRefund } from './refunds.js';
import { readShards, type Shard } from './shards.js';

export interface OperatorAdminOptions {
  readonly store: Store;
  /** Id of the namespace, not its name. */
  readonly namespaceId: string;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Who makes the changes: an id, or an IAM ARN. @default none */
  readonly principal?: string;
}

/** How much was removed. */
export interface ErasedEntity {
  /** Items beside audit events. */
  readonly items: number;
  readonly auditEvents: number;
}

/** Keys that are read in one call. */
const BATCH = 100;
/** Times that a change is tried again: a bucket that an operator corrects may be in heavy use. */
const ATTEMPTS = 10;
/** Shards that change together with the audit event. */
const TRANSACTION = 50;

/** The list of actions is the schema's; readers take any text, as Python's do. */
const BUCKET_REFUNDED = 'bucket_refunded' as AuditAction;

/** What operators do beyond `Admin`: apart from it, so that programs that only limit do not carry it. */
export class OperatorAdmin {
  private readonly store: Store;
  private readonly namespaceId: string;
  private readonly clock: Clock;
  private readonly admin: Admin;
  private readonly trail: AuditTrail;

  /** @throws {ValidationError} the principal is not valid */
  constructor({ store, namespaceId, clock = systemClock, principal }: OperatorAdminOptions) {
    this.store = store;
    this.namespaceId = namespaceId;
    this.clock = clock;
    this.admin = new Admin({ store, namespaceId, clock, principal });
    this.trail = new AuditTrail(store, namespaceId, clock, principal);
  }

  /**
   * Removes an entity as `Admin` does, and its audit events as well: nothing of the table has its id any more, but for what
   * belongs to others (children name their parent) and what the aggregator counts a moment later. An event of the whole
   * namespace says that somebody was erased, and not who. Backups and archived events stay.
   *
   * When the call fails, another one finishes it.
   *
   * Cost: that of `entities.delete`, 1 read for each page of up to 1 MB of events, 1 write for each.
   *
   * @throws {ValidationError} the id is not valid
   */
  async erase(id: string): Promise<ErasedEntity> {
    const items = await this.admin.entities.delete(id);
    const events: PrimaryKey[] = [];
    for await (const event of this.store.query({ partition: pk.audit(this.namespaceId, id), consistent: true })) events.push(keyOf(event));
    const [last, ...others] = events;
    if (last === undefined) return { items, auditEvents: 0 };
    await this.store.deleteMany(others);
    // The last one goes with the record of the erasure, so that a call which fails before is not over.
    const record = { action: 'entity_deleted', scope: {}, details: { erased: true, records_deleted: items + events.length } } as const;
    await this.store.transact([{ delete: last }, await this.trail.by()(record)]);
    return { items, auditEvents: events.length };
  }

  /**
   * Gives tokens back that should not have been taken, up to the capacity of each limit. They no longer count as consumed.
   *
   * Cost: 2 reads and 1 transaction of 2 writes, 1 more write for each further shard that gets some.
   *
   * @param tokens whole tokens by limit name, 0 or more
   * @returns tokens by limit name that there was room for, of up to three decimals; undefined when there is no bucket
   * @throws {UnknownLimitError} the bucket has no such limit; nothing was given back
   * @throws {ValidationError} an identifier or amount is not valid
   */
  async refund(entity: string, resource: string, tokens: Readonly<Record<string, number>>): Promise<Record<string, number> | undefined> {
    checkEntityId(entity);
    checkResource(resource);
    const wanted = checkRefund(tokens);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const shards = (await readShards(this.store, { namespaceId: this.namespaceId, entity, resource })).slice(0, TRANSACTION);
      const [{ state }] = shards as [Shard];
      if (state?.refilledAt === undefined) return undefined;
      const present = applicationLimits(state).map(([name]) => name);
      for (const name of wanted.keys()) if (!present.includes(name)) throw new UnknownLimitError(name, present);
      const refunds = spreadRefund(shards, state.shardCount, wanted, this.clock.now());
      const given = Object.fromEntries([...wanted.keys()].map((name) =>
        [name, refunds.reduce((sum, { amounts }) => sum + (amounts.get(name) ?? 0), 0) / MILLI]));
      if (refunds.length === 0) return given;
      const writes = refunds.map((refund): ItemWrite => ({ update: refundUpdate(refund) }));
      const event = await this.trail.by()({ action: BUCKET_REFUNDED, scope: { entity, resource }, details: { given } });
      if (await this.store.transact([...writes, event])) return given;
    }
    throw contended(`the bucket of entity '${entity}' on resource '${resource}'`);
  }

  /**
   * Ids of the entities that have a bucket of a resource, in their order.
   *
   * Cost: 1 read for each page of up to 1 MB of the keys of all buckets of the namespace, of an index that is a moment late.
   *
   * @throws {ValidationError} the resource is not valid
   */
  async entitiesOn(resource: string): Promise<string[]> {
    checkResource(resource);
    const found = new Set<string>();
    for await (const item of this.store.query({ index: GSI4, partition: this.namespaceId, prefix: 'BUCKET#' })) {
      const key = parseBucketKey(readText(item, PARTITION_KEY)!);
      if (key.resource === resource) found.add(key.entity);
    }
    return [...found].sort();
  }

  /**
   * Entities that have a record and an id that begins with a prefix, by their ids.
   *
   * Cost: 1 read for each page of up to 1 MB of the keys of their items, usage included, and 1 for each 100 entities; of an
   * index that is a moment late.
   */
  entitiesFrom(prefix: string): List<Entity> {
    const { store, namespaceId } = this;
    const query = { index: GSI4, partition: namespaceId, prefix: pk.entity(namespaceId, prefix) };
    return new List(async function* ({ after, pageSize }: ReadFrom): AsyncIterable<Entry<Entity>> {
      const records = mapEntries(queryFrom(store, query, { after }), (item) => (readText(item, SORT_KEY) === SK.entity ? keyOf(item) : undefined));
      for await (const group of inGroups(records, Math.min(pageSize ?? BATCH, BATCH))) {
        const items = await store.getMany(group.map(({ value }) => value));
        yield* group.flatMap(({ position }, at) => (items[at] === undefined ? [] : [{ value: parseEntity(items[at]), position }]));
      }
    });
  }

  /**
   * Changes within a range, newest first.
   *
   * Cost: 1 read for each page of up to 1 MB of the range.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  events(filter: AuditFilter, range: AuditRange = {}): List<AuditEvent> {
    if ('entity' in filter) checkEntityId(filter.entity);
    if ('resource' in filter) checkResource(filter.resource);
    return auditEventsIn(this.store, this.namespaceId, filter, range);
  }
}

/** A namespace by its id, deleted ones included; undefined when there is none, or it was purged. 1 read, consistent. */
export async function namespaceById(store: Store, id: string): Promise<Namespace | undefined> {
  const record = await store.get(namespaceIdKey(id), { consistent: true });
  return record && parseNamespace(record);
}

const keyOf = (item: Item): PrimaryKey => ({ pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! });
