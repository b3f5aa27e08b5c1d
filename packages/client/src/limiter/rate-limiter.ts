import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Admin } from '../admin/admin.js';
import { systemClock, type Clock } from '../core/clock.js';
import { NamespaceNotFoundError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkLimiterName, checkNamespace, checkResource } from '../core/identifiers.js';
import type { LimitView } from '../core/limit-view.js';
import { checkOnUnavailable, type OnUnavailable } from '../core/on-unavailable.js';
import { sumViews, viewLimits } from '../core/views.js';
import { parseBucket } from '../schema/bucket-item.js';
import { pk, SK } from '../schema/keys.js';
import { activeNamespaceId, namespaceKey, versionKey } from '../schema/namespace-item.js';
import { checkVersion } from '../schema/version-item.js';
import { DynamoDbStore } from '../store/dynamodb/dynamodb-store.js';
import type { Store } from '../store/store.js';
import { Acquirer, refusalError } from './acquire.js';
import type { CacheStats } from './config-cache.js';
import type { Decision } from './decision.js';
import { EventHub, type LimiterEvents } from './events.js';
import type { Lease } from './lease.js';
import { LimitResolver, type ResolverOptions } from './limit-resolver.js';
import type { AcquireRequest } from './request.js';

/** What every limiter needs, however it reaches its table. */
export interface LimiterOptions {
  /** Cache of stored limits. @default one minute, 10 000 items */
  readonly cache?: ResolverOptions;
  /** What to do when the store cannot answer and neither the request nor the table says it. @default 'block' */
  readonly onUnavailable?: OnUnavailable;
  /**
   * How long a bucket that was seen too short may refuse from memory, for free, in milliseconds. Tokens that other
   * processes give back meanwhile are seen only after it; tokens that refill are never missed. 0 asks the bucket each time.
   *
   * @default 250
   */
  readonly denyTtlMs?: number;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Number from 0 to below 1. Decides which shard of a split bucket is tried first. @default Math.random */
  readonly random?: () => number;
}

export interface OpenOptions extends LimiterOptions {
  /** Name of the limiter, which is its table's name. @default ZAEL_STACK, else 'zae-limiter' */
  readonly stack?: string;
  /** Isolated set of entities in the table. @default ZAEL_NAMESPACE, else 'default' */
  readonly namespace?: string;
  /** @default the SDK's default */
  readonly region?: string;
  /** Longest wait for the answer to one call, in milliseconds. A call that takes longer counts as an outage. @default 1000 */
  readonly timeoutMs?: number;
  /** URL of DynamoDB. @default the SDK's default, which honours AWS_ENDPOINT_URL_DYNAMODB */
  readonly endpoint?: string;
  /**
   * Client to send the calls with, for its region and credentials; `close` does not destroy it.
   * A `DynamoDBDocumentClient` works too. Give it `maxAttempts: 1`: this client repeats by itself what is safe to repeat,
   * and a take that the SDK repeats after a lost answer may be booked twice.
   *
   * @default a new client with `maxAttempts: 1`
   */
  readonly client?: Pick<DynamoDBClient, 'config' | 'destroy'>;
}

/** A limiter on a store that is already there, for tests and for stores of one's own. */
export interface ConnectOptions extends LimiterOptions {
  readonly store: Store;
  /** Id of the namespace, not its name. */
  readonly namespaceId: string;
}

/**
 * Takes tokens from limits that many processes share.
 *
 * One limiter serves a whole process: it remembers limits and buckets, which makes a request one call.
 */
export class RateLimiter implements AsyncDisposable {
  /**
   * Connects to a limiter that was deployed. Never creates or changes anything.
   *
   * Cost: 2 reads (1 read unit together), at the same time.
   *
   * @throws {ValidationError} the name or namespace is not valid
   * @throws {InfrastructureNotFoundError} the table does not exist
   * @throws {NamespaceNotFoundError} the namespace is not registered, or was deleted
   * @throws {IncompatibleSchemaError} the table has another major schema version, or none
   * @throws {VersionMismatchError} the table asks for a newer client
   * @throws {LimiterUnavailableError} DynamoDB did not answer
   *
   * @example
   * ```ts
   * const limiter = await RateLimiter.open({ stack: 'my-limiter' });
   * ```
   */
  static async open(options: OpenOptions = {}): Promise<RateLimiter> {
    const stack = options.stack || process.env.ZAEL_STACK || 'zae-limiter';
    const namespace = options.namespace || process.env.ZAEL_NAMESPACE || 'default';
    checkLimiterName(stack);
    checkNamespace(namespace);
    const { region, endpoint, timeoutMs } = options;
    const client = (options.client ?? new DynamoDBClient({ region, endpoint, maxAttempts: 1 })) as DynamoDBClient;
    const close = options.client === undefined ? () => client.destroy() : () => undefined;
    try {
      const store = new DynamoDbStore(client, stack, { timeoutMs });
      const [record, version] = await Promise.all([store.get(namespaceKey(namespace)), store.get(versionKey)]);
      checkVersion(version);
      const namespaceId = activeNamespaceId(record);
      if (namespaceId === undefined) throw new NamespaceNotFoundError(namespace, stack);
      return new RateLimiter({ ...options, store, namespaceId }, close);
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Changes and reads what is stored: limits and usage. */
  readonly admin: Admin;
  private readonly store: Store;
  private readonly namespaceId: string;
  private readonly clock: Clock;
  private readonly resolver: LimitResolver;
  private readonly acquirer: Acquirer;
  private readonly events = new EventHub();

  constructor(
    { store, namespaceId, cache, clock = systemClock, random = Math.random, denyTtlMs = 250, onUnavailable }: ConnectOptions,
    private readonly destroy = () => {},
  ) {
    checkOnUnavailable(onUnavailable);
    if (!(denyTtlMs >= 0)) throw new ValidationError('denyTtlMs', denyTtlMs, 'negative', 'must be 0 or more milliseconds');
    this.store = store;
    this.namespaceId = namespaceId;
    this.clock = clock;
    this.resolver = new LimitResolver(store, namespaceId, clock, cache);
    this.acquirer = new Acquirer(store, namespaceId, this.resolver, clock, this.events, random, denyTtlMs, onUnavailable);
    this.admin = new Admin(store, namespaceId, (scope) => this.resolver.evict(scope));
  }

  /**
   * Takes tokens, runs `body`, and settles: commits when it returns, gives everything back when it throws.
   *
   * The safest form, because only it sees the body's error. When the corrections of a body that succeeded cannot be
   * written, its result is still returned and event `settlementFailed` tells of the failure; the same holds for the
   * refund of a body that threw.
   *
   * Cost: that of `acquire`, and 1 write unit when the lease was corrected or the body threw.
   *
   * @returns what `body` returns
   * @throws whatever `body` throws, and what `acquire` throws
   *
   * @example
   * ```ts
   * const answer = await limiter.run({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1, tpm: 500 } }, async (lease) => {
   *   const reply = await callModel();
   *   lease.set({ tpm: reply.tokens });
   *   return reply.text;
   * });
   * ```
   */
  async run<T>(request: AcquireRequest, body: (lease: Lease) => Promise<T> | T): Promise<T> {
    const lease = await this.acquire(request);
    let result: T;
    try {
      result = await body(lease);
    } catch (error) {
      await lease.settle('rollback');
      throw error;
    }
    await lease.settle('commit');
    return result;
  }

  /**
   * Takes tokens from every limit that the request names in one atomic write, or none.
   *
   * Cost: 1 call and 1 write unit once the limits and the bucket are known to the process, none when the bucket was
   * seen too short a moment ago (`denyTtlMs`); 1 more write unit when
   * another process credited the bucket meanwhile. The first request of a process for an entity and resource adds 1
   * read; creating a bucket adds 1 write and 1 read. Limits are read again in the background, at most once a minute.
   *
   * @returns a lease on the tokens; they stay taken unless it is rolled back
   * @throws {RateLimitExceededError} a limit is short; `retryAfterMs` is when the request could pass
   * @throws {LimiterUnavailableError} the store did not answer and the policy is `block`
   * @throws {UnknownLimitError} the request names a limit that does not apply
   * @throws {NoLimitsConfiguredError} no limits are stored, and the request brought none
   * @throws {ValidationError} an identifier or amount is not valid
   *
   * @example
   * ```ts
   * const lease = await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } });
   * ```
   */
  async acquire(request: AcquireRequest): Promise<Lease> {
    const decision = await this.tryAcquire(request);
    if (!decision.allowed) throw refusalError(decision);
    return decision.lease;
  }

  /**
   * Like `acquire`, but returns refusals and outages instead of throwing them. For paths where a refusal is normal.
   *
   * @throws {ValidationError} the request is wrong
   * @throws {InfrastructureNotFoundError} the table does not exist
   * @throws {CorruptRecordError} the stored limits cannot be read
   */
  async tryAcquire(request: AcquireRequest): Promise<Decision> {
    return this.acquirer.decide(request);
  }

  /**
   * How every limit of an entity and resource stands now, over all shards of its bucket. Takes nothing.
   *
   * Cost: 1 read, 1 more when the limits are not in memory, and 1 more when another client split the bucket.
   *
   * @throws {NoLimitsConfiguredError} no limits are stored
   * @throws {ValidationError} an identifier is not valid
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async available(entity: string, resource: string): Promise<LimitView[]> {
    checkEntityId(entity);
    checkResource(resource);
    const key = (shard: number) => ({ pk: pk.bucket({ namespaceId: this.namespaceId, entity, resource, shard }), sk: SK.bucket });
    const [item, { target, source }] = await Promise.all([this.store.get(key(0)), this.resolver.resolve(entity, resource)]);
    const state = item === undefined ? null : parseBucket(item);
    const count = state?.shardCount ?? 1;
    const others = count === 1 ? [] : await this.store.getMany(Array.from({ length: count - 1 }, (_, at) => key(at + 1)));
    const shards = [state, ...others.map((other) => (other === undefined ? null : parseBucket(other)))];
    const now = this.clock.now();
    return sumViews(shards.map((shard, index) =>
      viewLimits({ entity, resource, source }, target, new Map(), { state: shard, place: { index, count }, now, verdict: 'admitted' })));
  }

  /** Adds a listener; the function that it returns takes it away again. */
  on<E extends keyof LimiterEvents>(event: E, listener: (detail: LimiterEvents[E]) => void): () => void {
    return this.events.on(event, listener);
  }

  /** Stored limits in memory. */
  get cache(): { stats(): CacheStats; invalidate(): void } {
    return { stats: () => this.resolver.stats, invalidate: () => this.resolver.evict() };
  }

  /** Closes the connections of a limiter that made its own client. */
  async close(): Promise<void> {
    this.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
