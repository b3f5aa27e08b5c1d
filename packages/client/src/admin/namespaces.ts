import { systemClock, type Clock } from '../core/clock.js';
import { NamespaceNotFoundError, NamespaceStateError } from '../core/errors.js';
import { checkNamespace, checkPrincipal, TABLE_NAMESPACE } from '../core/identifiers.js';
import { readText, text, type Item } from '../schema/attributes.js';
import { auditSubject, type AuditEvent } from '../schema/audit-item.js';
import { pk, SK_PREFIX } from '../schema/keys.js';
import {
  NAMESPACE, namespaceIdKey, namespaceItems, namespaceKey, parseNamespace, registryIndexKeys, type Namespace,
} from '../schema/namespace-item.js';
import { PARTITION_KEY } from '../schema/table.js';
import { setAll, type Condition, type ItemWrite } from '../schema/update.js';
import { isoSeconds } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';
import { AuditTrail, type AuditOptions } from './audit-trail.js';
import { auditEvents } from './audit.js';
import { ATTEMPTS, contended } from './contended.js';
import { inGroups, List, mapEntries, queryFrom, type Entry, type ReadFrom } from './list.js';
import { purgeItems, type PurgeProgress } from './namespace-purge.js';
import { cryptoBytes } from './random.js';

export interface NamespacesAdminOptions {
  readonly store: Store;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Who makes the changes, unless a call says it. @default none */
  readonly principal?: string;
  /** Gives this many random bytes; ids are made of them. @default cryptographic ones */
  readonly randomBytes?: (size: number) => Uint8Array;
}

export interface PurgeOptions extends AuditOptions {
  /** Told after each batch how far it is. */
  readonly onProgress?: (progress: PurgeProgress) => void;
}

const REGISTRY = pk.system(TABLE_NAMESPACE);
/** Namespaces whose records are compared in one call. */
const GROUP = 100;

const isStatus = (status: string): Condition => ({ equals: [NAMESPACE.status, text(status)] });

/**
 * The namespaces of a table and their life: active, deleted (nobody can open it, everything is still there), purged.
 *
 * A namespace has a record by its name, while it is active, and one by its id. Both change in one transaction whose
 * conditions name the state that was read, so that a crash leaves either state whole and two calls never mix (W36).
 */
export class NamespacesAdmin {
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly principal: string | undefined;
  private readonly randomBytes: (size: number) => Uint8Array;

  constructor({ store, clock = systemClock, principal, randomBytes = cryptoBytes }: NamespacesAdminOptions) {
    this.store = store;
    this.clock = clock;
    this.principal = principal;
    this.randomBytes = randomBytes;
  }

  /**
   * Registers a namespace, or finds it when it is registered already. Cost: 1 read, 1 transaction of 3 writes.
   *
   * @returns the namespace's id
   * @throws {NamespaceStateError} there is a record of the name that is not active
   * @throws {ValidationError} the name is not valid
   */
  async register(name: string, options: AuditOptions = {}): Promise<string> {
    checkNamespace(name);
    const principal = this.principalOf(options);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await this.get(name);
      if (known !== undefined) return active(known, name).id;
      const id = this.newId();
      const conditions = [{ absent: PARTITION_KEY }];
      const records = namespaceItems(name, id, this.now()).map((put): ItemWrite => ({ put, conditions }));
      // A namespace that is new has no retention of its own yet, so there is nothing to read.
      const event = this.trail(id, principal).write({ action: 'namespace_created', scope: {}, details: { namespace_name: name } });
      if (await this.store.transact([...records, event])) return id;
    }
    throw contended(`namespace '${name}'`);
  }

  /**
   * An active namespace, by its name; undefined when there is none. 1 read, consistent.
   *
   * @throws {ValidationError} the name is not valid
   */
  async get(name: string): Promise<Namespace | undefined> {
    checkNamespace(name);
    const record = await this.store.get(namespaceKey(name), { consistent: true });
    return record && parseNamespace(record);
  }

  /** Namespaces that are registered, by their names. Cost: 1 read for each page of up to 1 MB. */
  list(): List<Namespace> {
    return new List((from) => mapEntries(queryFrom(this.store, { partition: REGISTRY, prefix: SK_PREFIX.namespace }, from), parseNamespace));
  }

  /**
   * Namespaces that nobody can open and whose items are still there, by their ids: deleted, half purged, or left half
   * deleted by an older client (then `active`; `recover` makes them whole).
   *
   * Cost: 1 read for each page of up to 1 MB, and 1 for each 100 active namespaces.
   */
  orphans(): List<Namespace> {
    const { store } = this;
    return new List(async function* ({ after, pageSize }: ReadFrom): AsyncIterable<Entry<Namespace>> {
      const all = mapEntries(queryFrom(store, { partition: REGISTRY, prefix: SK_PREFIX.namespaceId }, { after, pageSize }), parseNamespace);
      for await (const group of inGroups(all, GROUP)) {
        const names = await store.getMany(group.map(({ value }) => namespaceKey(value.name)));
        yield* group.filter(({ value }, at) => value.status !== 'active' || idOf(names[at]) !== value.id);
      }
    });
  }

  /**
   * Takes a namespace away: nobody can open it, and its name is free. Everything in it stays; `recover` brings it back,
   * `purge` removes it. A limiter that has it open goes on until it is closed. Nothing happens when there is none.
   *
   * Cost: 2 reads and 1 transaction of 3 writes.
   *
   * @returns its id, for `recover` and `purge`; undefined when there was none
   * @throws {NamespaceStateError} it is being purged
   * @throws {ValidationError} the name is not valid
   */
  async delete(name: string, options: AuditOptions = {}): Promise<string | undefined> {
    checkNamespace(name);
    const principal = this.principalOf(options);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await this.get(name);
      if (known === undefined) return undefined;
      const { id, createdAt } = active(known, name);
      const record = {
        [NAMESPACE.id]: text(id), [NAMESPACE.name]: text(name), ...(createdAt !== undefined && { [NAMESPACE.createdAt]: text(createdAt) }),
      };
      const done = await this.store.transact([
        { delete: namespaceKey(name), conditions: [isStatus('active'), { equals: [NAMESPACE.id, text(id)] }] },
        {
          update: {
            key: namespaceIdKey(id),
            // An older client may have lost the record by id, or left it behind; the name says that the namespace is in use.
            changes: new Map(setAll({ ...record, [NAMESPACE.status]: text('deleted'), [NAMESPACE.deletedAt]: text(this.now()), ...registryIndexKeys })),
            conditions: [{ anyOf: [{ absent: PARTITION_KEY }, isStatus('active'), isStatus('deleted')] }],
          },
        },
        await this.trail(id, principal).by()({ action: 'namespace_deleted', scope: {}, details: { namespace_name: name } }),
      ]);
      if (done) return id;
      const status = (await this.byId(id))?.status;
      if (status === 'purging') throw new NamespaceStateError(name, status, 'is being purged');
    }
    throw contended(`namespace '${name}'`);
  }

  /**
   * Brings a deleted namespace back, under its old name and with everything in it. Cost: 3 reads, 1 transaction of 3 writes.
   *
   * @returns the namespace as it is now
   * @throws {NamespaceNotFoundError} there is no namespace with this id, or it was purged
   * @throws {NamespaceStateError} it is active or being purged, or its name was registered anew meanwhile
   */
  async recover(id: string, options: AuditOptions = {}): Promise<Namespace> {
    const principal = this.principalOf(options);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await this.byId(id);
      if (known === undefined) throw new NamespaceNotFoundError(id, this.store.tableName);
      const { name, status } = known;
      if (status === 'purging') throw new NamespaceStateError(id, status, 'is being purged; purge it to its end');
      const holder = idOf(await this.store.get(namespaceKey(name), { consistent: true }));
      if (holder === id && status === 'active') throw new NamespaceStateError(id, status, 'is active');
      if (holder !== undefined && holder !== id) throw new NamespaceStateError(id, status, `cannot have its name '${name}' back, which was registered anew`);
      // Older clients could leave one record without the other: that is made whole, too.
      const [byName] = namespaceItems(name, id, known.createdAt ?? this.now());
      const done = await this.store.transact([
        { put: byName, conditions: [holder === undefined ? { absent: PARTITION_KEY } : { equals: [NAMESPACE.id, text(id)] }] },
        {
          update: {
            key: namespaceIdKey(id),
            changes: new Map([...setAll({ [NAMESPACE.status]: text('active') }), [NAMESPACE.deletedAt, { remove: true }]]),
            conditions: [isStatus(status)],
          },
        },
        await this.trail(id, principal).by()({ action: 'namespace_recovered', scope: {}, details: { namespace_name: name } }),
      ]);
      if (done) return parseNamespace(byName);
    }
    throw contended(`namespace '${id}'`);
  }

  /**
   * Removes a deleted namespace with everything in it, for ever. Nothing happens when there is none with this id.
   *
   * From the first write on the namespace can no longer be recovered. A call that fails anywhere is finished by another
   * one. Close limiters that have the namespace open before: what they write meanwhile may stay.
   *
   * Cost: 1 read for each entity and each page of up to 1 MB, 1 write for each item.
   *
   * @returns how many items were removed by this call
   * @throws {NamespaceStateError} it is active; delete it first
   */
  async purge(id: string, { onProgress, ...options }: PurgeOptions = {}): Promise<number> {
    const principal = this.principalOf(options);
    const before = await this.refuseLive(id);
    if (before === undefined) return 0;
    const { applied } = await this.store.update({
      key: namespaceIdKey(id),
      changes: new Map(setAll({ [NAMESPACE.status]: text('purging') })),
      conditions: [{ anyOf: [isStatus('deleted'), isStatus('purging')] }],
    });
    if (!applied) {
      const now = await this.refuseLive(id);
      if (now === undefined) return 0; // purged by somebody else
      throw new NamespaceStateError(id, now.status, `is ${now.status}`);
    }
    // Older clients recover without asking for the state, so it is looked at again before each batch.
    const removed = await purgeItems(this.store, id, async (progress) => {
      if (await this.refuseLive(id) === undefined) throw contended(`namespace '${id}'`);
      onProgress?.(progress);
    });
    const details = { namespace_id: id, namespace_name: before.name, records_deleted: removed };
    const done = await this.store.transact([
      { delete: namespaceIdKey(id), conditions: [isStatus('purging')] },
      this.trail(TABLE_NAMESPACE, principal).write({ action: 'namespace_purged', scope: {}, details }),
    ]);
    if (!done) await this.refuseLive(id); // else somebody else finished it
    return removed;
  }

  /** Namespaces that were purged, newest first: the only trace that is left of them, for 90 days. */
  purged(): List<AuditEvent> {
    return auditEvents(this.store, pk.audit(TABLE_NAMESPACE, auditSubject({})));
  }

  /** A namespace that may be purged; undefined when there is none. */
  private async refuseLive(id: string): Promise<Namespace | undefined> {
    const known = await this.byId(id);
    if (known === undefined) return undefined;
    const live = known.status === 'active' || idOf(await this.store.get(namespaceKey(known.name), { consistent: true })) === id;
    if (live) throw new NamespaceStateError(id, 'active', 'is active; delete it first');
    return known;
  }

  private async byId(id: string): Promise<Namespace | undefined> {
    const record = await this.store.get(namespaceIdKey(id), { consistent: true });
    return record && parseNamespace(record);
  }

  private principalOf({ principal = this.principal }: AuditOptions): string | undefined {
    if (principal !== undefined) checkPrincipal(principal);
    return principal;
  }

  private trail(id: string, principal: string | undefined): AuditTrail {
    return new AuditTrail(this.store, id, this.clock, principal);
  }

  private now(): string {
    return isoSeconds(this.clock.now());
  }

  /** 8 random bytes as 11 characters; never `_` or `-` first, which a reserved id and a command line flag start with. */
  private newId(): string {
    for (;;) {
      const id = Buffer.from(this.randomBytes(8)).toString('base64url');
      if (!/^[-_]/.test(id)) return id;
    }
  }
}

const idOf = (record: Item | undefined): string | undefined => record && readText(record, NAMESPACE.id);

function active(namespace: Namespace, name: string): Namespace {
  if (namespace.status !== 'active') throw new NamespaceStateError(name, namespace.status, `is ${namespace.status}`);
  return namespace;
}
