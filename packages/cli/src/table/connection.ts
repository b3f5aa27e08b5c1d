import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Admin, DynamoDbStore, NamespaceNotFoundError, RateLimiter, type Clock, type Store } from '@zae-limiter/client';
import { activeNamespaceId, checkLimiterName, checkNamespace, checkVersion, namespaceKey, OperatorAdmin, versionKey } from '@zae-limiter/client/admin';
import type { AwsClients } from '../aws/clients.js';
import { DryRunStore } from './dry-run-store.js';
import { readOnly } from './read-only-store.js';

export interface ConnectionOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** What the command may do. */
  readonly mode: 'read' | 'write' | 'dry-run';
  /** Who makes changes. */
  readonly principal?: string;
}

/** A namespace that was found in the table. */
export interface OpenNamespace {
  readonly name: string;
  readonly id: string;
  readonly limiter: RateLimiter;
  readonly admin: Admin;
  readonly operator: OperatorAdmin;
}

/** The table of a limiter. Connecting creates nothing: what is missing is an error (X5). */
export class Connection {
  /** What the commands read and write. One that only reads cannot write, and a dry run keeps its writes. */
  readonly store: Store;
  /** The writes of a dry run. */
  readonly dryRun: DryRunStore | undefined;

  /** @throws {ValidationError} the name is not valid */
  constructor(clients: AwsClients, private readonly options: ConnectionOptions) {
    checkLimiterName(options.name);
    // The store repeats by itself what is safe to repeat.
    const table = new DynamoDbStore(clients.get(DynamoDBClient, { maxAttempts: 1 }), options.name, { timeoutMs: options.timeoutMs });
    this.dryRun = options.mode === 'dry-run' ? new DryRunStore(table) : undefined;
    this.store = this.dryRun ?? (options.mode === 'read' ? readOnly(table) : table);
  }

  get name(): string {
    return this.options.name;
  }

  /** For what concerns the whole table: `status`, `version` and `namespaces`. */
  get admin(): Admin {
    const { clock, principal } = this.options;
    return new Admin({ store: this.store, namespaceId: '', clock, principal });
  }

  /**
   * A namespace of the table, by its name. 2 reads.
   *
   * @throws {InfrastructureNotFoundError} there is no such table
   * @throws {NamespaceNotFoundError} the namespace is not registered
   * @throws {IncompatibleSchemaError} the table has another major schema version, or none
   * @throws {VersionMismatchError} the table asks for a newer client
   */
  async namespace(name: string): Promise<OpenNamespace> {
    checkNamespace(name);
    const { store, options: { clock, principal, timeoutMs } } = this;
    const [record, version] = await store.getMany([namespaceKey(name), versionKey]);
    checkVersion(version);
    const id = activeNamespaceId(record);
    if (id === undefined) throw new NamespaceNotFoundError(name, store.tableName);
    const limiter = new RateLimiter({ store, namespaceId: id, clock, principal, timeoutMs });
    return { name, id, limiter, admin: limiter.admin, operator: new OperatorAdmin({ store, namespaceId: id, clock, principal }) };
  }
}
