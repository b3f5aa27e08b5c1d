import { systemClock, type Clock } from '../core/clock.js';
import type { LimitScope } from '../schema/config-item.js';
import { versionKey } from '../schema/namespace-item.js';
import { parseVersion, type TableVersion } from '../schema/version-item.js';
import type { Store, TableDescription } from '../store/store.js';
import { AuditTrail } from './audit-trail.js';
import { AuditAdmin } from './audit.js';
import { BucketsAdmin } from './buckets.js';
import { EntitiesAdmin } from './entities.js';
import { LimitsAdmin } from './limits.js';
import { NamespacesAdmin } from './namespaces.js';
import { UsageAdmin } from './usage.js';

export interface AdminOptions {
  readonly store: Store;
  /** Id of the namespace, not its name. */
  readonly namespaceId: string;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Told which stored limits changed, so that the process forgets the old ones at once. @default nobody is told */
  readonly onLimitsChange?: (scope: LimitScope) => void;
  /** Told which entity changed, so that the process forgets its place in the hierarchy at once. @default nobody is told */
  readonly onEntityChange?: (entity: string) => void;
  /** Who makes the changes: an id, or an IAM ARN. A call may name another. @default none */
  readonly principal?: string;
}

/** State of the table, as DynamoDB and its version record tell it. */
export interface TableStatus extends TableDescription {
  readonly tableName: string;
  /** How long DynamoDB took to answer, in milliseconds. */
  readonly latencyMs: number;
  /** Undefined for a table that was never prepared. */
  readonly version: TableVersion | undefined;
}

/**
 * What an operator changes and reads. Works on one namespace, but for `namespaces`, `status` and `version`.
 *
 * Every change is written together with an audit event that says who made it.
 */
export class Admin {
  readonly entities: EntitiesAdmin;
  readonly limits: LimitsAdmin;
  readonly buckets: BucketsAdmin;
  readonly usage: UsageAdmin;
  readonly audit: AuditAdmin;
  readonly namespaces: NamespacesAdmin;
  private readonly store: Store;

  /** @throws {ValidationError} the principal is not valid */
  constructor({ store, namespaceId, clock = systemClock, onLimitsChange = () => {}, onEntityChange = () => {}, principal }: AdminOptions) {
    const trail = new AuditTrail(store, namespaceId, clock, principal);
    this.store = store;
    this.entities = new EntitiesAdmin(store, namespaceId, clock, trail, onEntityChange, onLimitsChange);
    this.limits = new LimitsAdmin(store, namespaceId, clock, trail, onLimitsChange);
    this.buckets = new BucketsAdmin(store, namespaceId, clock, trail);
    this.usage = new UsageAdmin(store, namespaceId);
    this.audit = new AuditAdmin(store, namespaceId);
    this.namespaces = new NamespacesAdmin({ store, clock, principal });
  }

  /**
   * State, size and version of the table. Needs the permission to describe it, which the acquire-only policy lacks.
   *
   * Cost: 1 read and 1 call that costs nothing.
   */
  async status(): Promise<TableStatus> {
    const begin = performance.now();
    const description = await this.store.describe();
    const latencyMs = performance.now() - begin;
    return { tableName: this.store.tableName, latencyMs, ...description, version: await this.version() };
  }

  /** Which schema the table follows; undefined when it was never prepared. 1 read. */
  async version(): Promise<TableVersion | undefined> {
    return parseVersion(await this.store.get(versionKey));
  }
}
