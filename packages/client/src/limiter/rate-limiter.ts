import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Admin } from '../admin/admin.js';
import { systemClock, type Clock } from '../core/clock.js';
import { NamespaceNotFoundError, ValidationError } from '../core/errors.js';
import { checkLimiterName, checkNamespace } from '../core/identifiers.js';
import type { LimitView } from '../core/limit-view.js';
import { checkOutagePolicy, type OutagePolicy } from '../core/on-unavailable.js';
import { activeNamespaceId, namespaceKey, versionKey } from '../schema/namespace-item.js';
import { checkVersion } from '../schema/version-item.js';
import { CircuitBreaker, type BreakerPolicy } from '../store/circuit-breaker.js';
import { DynamoDbStore } from '../store/dynamodb/dynamodb-store.js';
import { MemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { Acquirer, refusalError } from './acquire.js';
import type { CacheStats } from './config-cache.js';
import type { Check, Decision } from './decision.js';
import { EventHub, type LimiterEvents } from './events.js';
import { Inspector, type Explanation } from './inspector.js';
import type { Lease, Tokens } from './lease.js';
import { LimitResolver, type ResolverOptions } from './limit-resolver.js';
import type { AcquireRequest } from './request.js';

/** What every limiter needs, however it reaches its table. */
export interface LimiterOptions {
  /** Cache of stored limits. @default one minute, 10 000 items */
  readonly cache?: ResolverOptions;
  /** What to do when the store cannot answer and neither the request nor the table says it. @default 'block' */
  readonly onUnavailable?: OutagePolicy;
  /**
   * Longest that a request may wait for the store, all its calls and their repetitions together, in milliseconds. A
   * request that takes longer counts as an outage. Waiting for tokens (`wait`) is not counted.
   *
   * @default 250
   */
  readonly timeoutMs?: number;
  /** When to leave a store alone that does not answer; false to ask it each time. @default 5 failures in a row, 1 second */
  readonly breaker?: BreakerPolicy | false;
  /**
   * How long a bucket that was seen too short may refuse from memory, for free, in milliseconds. Tokens that other
   * processes give back meanwhile are seen only after it; tokens that refill are never missed. 0 asks the bucket each time.
   *
   * @default 250
   */
  readonly denyTtlMs?: number;
  /**
   * How long a write waits for more requests to the same bucket to share it, in milliseconds. Makes a busy bucket cheaper and
   * every request slower. 0 writes at once; requests that come while a write is under way share the next one anyway.
   *
   * @default 0
   */
  readonly maxBatchDelayMs?: number;
  /**
   * Moves a bucket's refill time back to now when a process with a wrong clock has moved it more than a minute into the
   * future. Without it such a bucket refills only when that time has come; with it, if this process's clock is the wrong
   * one, the bucket may be credited again for the time in between.
   *
   * @default false
   */
  readonly pullClockBack?: boolean;
  /** Who makes the changes of `admin`: an id, or an IAM ARN. Stored in their audit events. @default nobody is named */
  readonly principal?: string;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Number from 0 to below 1. Decides which shard of a split bucket is tried first. @default Math.random */
  readonly random?: () => number;
}

/** Longest wait of a request for the store. */
const DEFAULT_TIMEOUT_MS = 250;

/** Longest wait for a call that is not a request: connecting may be the first of a process that has just started. */
const OPEN_TIMEOUT_MS = 1000;

export interface RunOptions {
  /**
   * What to give back after a body that threw this: true for everything, false for nothing (its corrections are written), or
   * whole tokens by limit name. A provider that charges and then fails must not be refunded. @default everything
   */
  readonly refundOn?: (error: unknown) => boolean | Tokens;
}

export interface OpenOptions extends LimiterOptions {
  /** Name of the limiter, which is its table's name. @default ZAEL_STACK, else 'zae-limiter' */
  readonly stack?: string;
  /** Isolated set of entities in the table. @default ZAEL_NAMESPACE, else 'default' */
  readonly namespace?: string;
  /** @default the SDK's default */
  readonly region?: string;
  /** URL of DynamoDB. @default the SDK's default, which honours AWS_ENDPOINT_URL_DYNAMODB */
  readonly endpoint?: string;
  /**
   * Client to send the calls with, for its region and credentials; `close` does not destroy it.
   * A `DynamoDBDocumentClient` works too. Give it `maxAttempts: 1`: this client repeats by itself what is safe to repeat,
   * and a take that the SDK repeats after a lost answer may be booked twice.
   *
   * Its middleware, such as that of a tracer, sees every call. Writes to buckets go past that of a client that is made here,
   * which takes a fraction of the CPU time.
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
    const { region, endpoint, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const client = (options.client ?? new DynamoDBClient({ region, endpoint, maxAttempts: 1 })) as DynamoDBClient;
    const close = options.client === undefined ? () => client.destroy() : () => undefined;
    try {
      const store = new DynamoDbStore(client, stack, { timeoutMs: Math.max(timeoutMs, OPEN_TIMEOUT_MS), direct: options.client === undefined });
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
  private readonly resolver: LimitResolver;
  private readonly acquirer: Acquirer;
  private readonly inspector: Inspector;
  private readonly events = new EventHub();

  constructor(private readonly options: ConnectOptions, private readonly destroy = () => {}) {
    const { store, namespaceId, cache, clock = systemClock, random = Math.random, breaker = {}, onUnavailable, principal } = options;
    const { denyTtlMs = 250, timeoutMs = DEFAULT_TIMEOUT_MS, maxBatchDelayMs = 0, pullClockBack = false } = options;
    checkOutagePolicy(onUnavailable);
    checkMilliseconds({ denyTtlMs, timeoutMs, maxBatchDelayMs });
    this.store = store;
    const guarded = breaker === false ? store : new CircuitBreaker(store, clock, breaker, () => {
      this.acquirer.recovered();
      this.events.emit('recovered', { table: store.tableName });
    });
    this.resolver = new LimitResolver(guarded, namespaceId, clock, cache, timeoutMs);
    const settings = { store: guarded, clock, random, denyTtlMs, timeoutMs, maxBatchDelayMs, pullClockBack };
    this.acquirer = new Acquirer(settings, namespaceId, this.resolver, this.events, onUnavailable, () => new MemoryStore(store.tableName));
    this.inspector = new Inspector(guarded, namespaceId, this.resolver, clock);
    this.admin = new Admin({
      store, namespaceId, clock, principal,
      onLimitsChange: (scope) => this.resolver.evict(scope),
      onEntityChange: (entity) => this.resolver.evictEntity(entity),
    });
  }

  /**
   * A limiter for another namespace of the same table, over the same connection. Closing it does nothing.
   *
   * Cost: 1 read.
   *
   * @throws {NamespaceNotFoundError} the namespace is not registered, or was deleted
   * @throws {ValidationError} the name is not valid
   */
  async namespace(name: string): Promise<RateLimiter> {
    checkNamespace(name);
    const namespaceId = activeNamespaceId(await this.store.get(namespaceKey(name)));
    if (namespaceId === undefined) throw new NamespaceNotFoundError(name, this.store.tableName);
    return new RateLimiter({ ...this.options, namespaceId });
  }

  /**
   * Takes tokens, runs `body`, and settles: commits when it returns, gives everything back when it throws.
   *
   * The safest form, because only it sees the body's error. When the corrections of a body that succeeded cannot be
   * written, its result is still returned and event `settlementFailed` tells of the failure; the same holds for the
   * refund of a body that threw. A request whose signal is aborted before the body ends counts as one that threw the
   * signal's reason, even when the body returns.
   *
   * Cost: that of `acquire`, and 1 write unit for each entity charged when the lease was corrected or the body threw.
   *
   * @param body gets the lease, and the request's signal, which is never aborted when the request has none
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
  async run<T>(request: AcquireRequest, body: (lease: Lease, signal: AbortSignal) => Promise<T> | T, { refundOn }: RunOptions = {}): Promise<T> {
    const { signal = new AbortController().signal } = request;
    const lease = await this.acquire(request);
    let result: T;
    try {
      result = await body(lease, signal);
      signal.throwIfAborted();
    } catch (error) {
      await settleFailure(lease, error, refundOn);
      throw error;
    }
    await lease.settle('commit');
    return result;
  }

  /**
   * Takes tokens from every limit that the request names in one atomic write, or none.
   *
   * Cost: 1 call and 1 write unit once the limits and the bucket are known to the process, and less when many requests
   * for the same bucket come at once, which share their writes; none when the bucket was seen too short a moment ago
   * (`denyTtlMs`); 1 more write unit when another process credited the bucket meanwhile. An entity whose consumption
   * cascades costs the same again for its parent. The first request of a process for an entity and resource adds 1 read;
   * creating a bucket adds 1 write. Limits are read again in the background, at most once a minute.
   *
   * @returns a lease on the tokens; they stay taken unless it is rolled back
   * @throws {RateLimitExceededError} a limit is short; `retryAfterMs` is when the request could pass
   * @throws {WaitTimeoutError} the request wanted to wait, and a limit would be short for longer
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
  tryAcquire(request: AcquireRequest): Promise<Decision> {
    return this.acquirer.decide(request);
  }

  /**
   * Like `tryAcquire`, for callers who will not correct what they take: there is no lease.
   *
   * @throws what `tryAcquire` throws
   *
   * @example
   * ```ts
   * const decision = await limiter.check({ entity: 'user-1', resource: 'api', consume: { rpm: 1 } });
   * ```
   */
  async check(request: AcquireRequest): Promise<Check> {
    const decision = await this.tryAcquire(request);
    if (!decision.allowed) return decision;
    const { lease: _, ...rest } = decision;
    return rest;
  }

  /**
   * How every limit of an entity and resource stands now, over all shards of its bucket, and then every limit of its
   * parent, when that is charged too. Takes nothing.
   *
   * Cost: 1 read for each of the two, 1 more for each whose limits are not in memory, and 1 more for each bucket that was
   * split.
   *
   * @throws {NoLimitsConfiguredError} no limits are stored
   * @throws {ValidationError} an identifier is not valid
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async available(entity: string, resource: string): Promise<LimitView[]> {
    const { limits, parent } = await this.inspector.explain(entity, resource);
    return [...limits, ...parent?.limits ?? []];
  }

  /**
   * Milliseconds until a request for these tokens could pass, if nobody else takes them; `unsatisfiable` when no wait
   * would suffice. Takes nothing. Costs and throws what `available` does.
   *
   * @throws {UnknownLimitError} a name is not a limit that applies
   */
  async timeUntil(entity: string, resource: string, needed: Tokens): Promise<{ readonly ms: number } | { readonly unsatisfiable: true }> {
    const { limits, parent } = await this.inspector.explain(entity, resource, needed);
    const waits = [...limits, ...parent?.limits ?? []].map(({ retryAfterMs }) => retryAfterMs);
    return waits.includes(undefined) ? { unsatisfiable: true } : { ms: Math.max(...waits as number[]) };
  }

  /**
   * Where the limits of an entity and resource come from and how they stand, for people who ask why a request was refused.
   * Costs and throws what `available` does.
   */
  async explain(entity: string, resource: string): Promise<Explanation> {
    return this.inspector.explain(entity, resource);
  }

  /** True when the table answers within `timeoutMs` milliseconds. Never throws. 1 read. */
  async ping({ timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    return this.store.get(versionKey, { timeoutMs }).then(() => true, () => false);
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

/** Settles after a body that threw. Whatever `refundOn` does wrong, the body's error is what the caller sees. */
async function settleFailure(lease: Lease, error: unknown, refundOn: RunOptions['refundOn']): Promise<void> {
  let how: 'commit' | 'rollback' = 'rollback';
  try {
    const refund = refundOn?.(error) ?? true;
    if (typeof refund !== 'boolean') lease.release(refund);
    how = refund === true ? 'rollback' : 'commit';
  } catch {
    // everything goes back, as without the option
  }
  await lease.settle(how);
}

function checkMilliseconds(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= 0)) throw new ValidationError(name, value, 'negative', 'must be 0 or more milliseconds');
  }
}
