import type { Amounts, BucketKey, BucketState } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError, RateLimitExceededError, ZaeLimiterError } from '../core/errors.js';
import type { Limit } from '../core/limit.js';
import type { OnUnavailable } from '../core/on-unavailable.js';
import { applicationLimits } from '../core/plan.js';
import { viewLimits, type Standing } from '../core/views.js';
import { bucketTarget } from '../schema/bucket-item.js';
import type { Store } from '../store/store.js';
import { BucketWriter, type BucketContext, type TakeOutcome } from './bucket-writer.js';
import type { Decision } from './decision.js';
import type { EventHub } from './events.js';
import { Lease, type Charge } from './lease.js';
import type { LimitResolver, ResolvedLimits } from './limit-resolver.js';
import { checkKnown, checkRequest, type AcquireRequest } from './request.js';

/** Buckets that a process remembers at most; the longest unused is forgotten first. */
const MAX_WRITERS = 10_000;

/** Shards of a bucket that one request tries at most. */
const MAX_SHARDS_TRIED = 32;

/** Decides requests: finds the limits, charges the bucket, and says how every limit stands. */
export class Acquirer {
  private readonly writers = new Map<string, BucketWriter>();

  constructor(
    private readonly store: Store,
    private readonly namespaceId: string,
    private readonly resolver: LimitResolver,
    private readonly clock: Clock,
    private readonly events: EventHub,
    private readonly random: () => number,
    private readonly denyTtlMs: number,
    private readonly onUnavailable: OnUnavailable | undefined,
  ) {}

  /** Decides one request. A refusal and an outage are decisions; a wrong request and a wrong table are errors. */
  async decide(request: AcquireRequest): Promise<Decision> {
    const amounts = checkRequest(request);
    try {
      return await this.charge(request, amounts);
    } catch (error) {
      if (ZaeLimiterError.is(error) && error.code === 'UNAVAILABLE') return this.withoutStore(request, error as LimiterUnavailableError);
      throw error;
    }
  }

  private async charge(request: AcquireRequest, amounts: Amounts): Promise<Decision> {
    const { entity, resource, limits } = request;
    if (limits !== undefined) {
      this.resolver.learnPolicy();
      return this.chargeKnown(request, amounts, overridden(limits));
    }
    const known = this.resolver.peek(entity, resource);
    return known === undefined ? this.firstSight(request, amounts) : this.chargeKnown(request, amounts, known);
  }

  private async chargeKnown(request: AcquireRequest, amounts: Amounts, known: ResolvedLimits): Promise<Decision> {
    const { entity, resource } = request;
    let resolved = known;
    // A refusal for good must not come from old memory: limits may have been added or raised.
    if (request.limits === undefined && !fits(amounts, known)) resolved = await this.resolver.revalidate(entity, resource);
    checkKnown(amounts, resolved.limits);
    if (!fits(amounts, resolved)) return this.unsatisfiable(request, amounts, resolved);

    const context: Omit<BucketContext, 'shardCount'> = {
      limits: resolved,
      lineage: () => this.resolver.lineage(entity),
      revalidate: async () => {
        resolved = await this.resolver.revalidate(entity, resource);
        checkKnown(amounts, resolved.limits);
        return resolved;
      },
    };
    const { writer, outcome } = await this.take(request, amounts, context);
    return this.answer(request, amounts, writer, resolved, outcome);
  }

  /**
   * Takes from one shard of the bucket; there is one unless another client split it. The first that has room is charged,
   * in random order, so that callers spread.
   */
  private async take(request: AcquireRequest, amounts: Amounts, context: Omit<BucketContext, 'shardCount'>): Promise<Charged> {
    const order = [...this.shardOrder(this.writer(request, 0).shardCount)];
    let refused: Charged | undefined;
    for (let at = 0; at < Math.min(order.length, MAX_SHARDS_TRIED); at++) {
      const writer = this.writer(request, order[at]!);
      const outcome = await writer.take(amounts, { ...context, shardCount: order.length });
      if (outcome.verdict === 'admitted') return { writer, outcome };
      if (refused === undefined || this.wait(request, amounts, outcome) < this.wait(request, amounts, refused.outcome)) refused = { writer, outcome };
      for (let shard = order.length; shard < writer.shardCount; shard++) order.push(shard); // the bucket was split meanwhile
    }
    if (order.length > 1 && this.wait(request, amounts, refused!.outcome) === Infinity) {
      throw new LimiterUnavailableError(`the bucket is split into ${order.length} shards, and the request is above the share of each`, false);
    }
    return refused!;
  }

  private *shardOrder(count: number): Iterable<number> {
    const shards = Array.from({ length: count }, (_, shard) => shard);
    while (shards.length > 0) yield* shards.splice(Math.floor(this.random() * shards.length), 1);
  }

  private wait({ entity, resource }: AcquireRequest, amounts: Amounts, outcome: TakeOutcome): number {
    const views = viewLimits({ entity, resource, source: 'override' }, outcome.target, amounts, outcome);
    return Math.max(...views.map(({ retryAfterMs = Infinity }) => retryAfterMs));
  }

  /**
   * Nothing is known about this entity and resource: look the limits up and take from the bucket at the same time, so
   * that a new process needs one round trip for a bucket that is in use.
   */
  private async firstSight(request: AcquireRequest, amounts: Amounts): Promise<Decision> {
    const writer = this.writer(request, 0);
    const [taken, found] = await Promise.allSettled([
      writer.seen ? undefined : writer.takeBlindly(amounts),
      this.resolver.lookUp(request.entity, request.resource),
    ]);
    if (taken.status === 'rejected') throw taken.reason;
    const state = taken.value;
    if (state === undefined) {
      if (found.status === 'rejected') throw found.reason;
      return this.chargeKnown(request, amounts, found.value);
    }
    try {
      if (found.status === 'rejected') throw found.reason;
      checkKnown(amounts, found.value.limits);
    } catch (error) { // the request is wrong after all: it must change nothing
      await writer.settle(negated(amounts));
      throw error;
    }
    return this.answer(request, amounts, writer, found.value, this.admitted(state, found.value));
  }

  private admitted(state: BucketState, { target }: ResolvedLimits): TakeOutcome {
    return { state, target, place: { index: 0, count: 1 }, now: this.clock.now(), verdict: 'admitted' };
  }

  private answer(request: AcquireRequest, amounts: Amounts, writer: BucketWriter, { source }: ResolvedLimits, outcome: TakeOutcome): Decision {
    const { entity, resource } = request;
    const limits = viewLimits({ entity, resource, source }, outcome.target, amounts, outcome);
    if (outcome.verdict !== 'admitted') return refusal(new RateLimitExceededError(limits));
    const limitNames = applicationLimits(outcome.state!).map(([name]) => name);
    const lease = this.lease(request, { entity, resource, limitNames, settle: (change) => writer.settle(change) }, amounts);
    return { outcome: 'allowed', allowed: true, limits, lease };
  }

  private unsatisfiable({ entity, resource }: AcquireRequest, amounts: Amounts, { target, source }: ResolvedLimits): Decision {
    const standing: Standing = { state: null, place: { index: 0, count: 1 }, now: this.clock.now(), verdict: 'short' };
    return refusal(new RateLimitExceededError(viewLimits({ entity, resource, source }, target, amounts, standing)));
  }

  private withoutStore(request: AcquireRequest, cause: LimiterUnavailableError): Decision {
    const policy = request.onUnavailable ?? this.resolver.onUnavailable ?? this.onUnavailable ?? 'block';
    // What a wait does not heal, such as a missing permission, must not turn the limits off unnoticed.
    if (policy === 'block' || !cause.retryable) return { outcome: 'unavailable', allowed: false, cause, limits: [] };
    const { entity, resource } = request;
    this.events.emit('degraded', { entity, resource, cause });
    return { outcome: 'degraded', allowed: true, cause, limits: [], lease: this.lease(request, undefined, new Map()) };
  }

  private lease({ entity, resource }: AcquireRequest, charge: Charge | undefined, taken: Amounts): Lease {
    return new Lease(charge, taken, (cause, amounts) => this.events.emit('settlementFailed', { entity, resource, amounts, cause }));
  }

  private writer({ entity, resource }: AcquireRequest, shard: number): BucketWriter {
    const key: BucketKey = { namespaceId: this.namespaceId, entity, resource, shard };
    const id = `${entity}#${resource}#${shard}`;
    const writer = this.writers.get(id) ?? new BucketWriter(this.store, this.clock, key, this.denyTtlMs);
    this.writers.delete(id); // so that the longest unused stays first
    this.writers.set(id, writer);
    if (this.writers.size > MAX_WRITERS) this.writers.delete(this.writers.keys().next().value!);
    return writer;
  }
}

/** What became of a request, and the writer of the shard that said so. */
interface Charged {
  readonly writer: BucketWriter;
  readonly outcome: TakeOutcome;
}

/** One for each list, so that requests with the same list share their writes. */
const overrides = new WeakMap<readonly Limit[], ResolvedLimits>();

function overridden(limits: readonly Limit[]): ResolvedLimits {
  const known = overrides.get(limits);
  if (known !== undefined && known.limits.length === limits.length && limits.every((limit, at) => limit === known.limits[at])) return known;
  const resolved: ResolvedLimits = { limits: [...limits], source: 'override', target: bucketTarget(limits, true), readAt: Infinity };
  if (limits.every((limit) => Object.isFrozen(limit))) overrides.set(limits, resolved);
  return resolved;
}

/** False when a limit is unknown, or can never hold what is asked of it. */
function fits(amounts: Amounts, { target }: ResolvedLimits): boolean {
  return [...amounts].every(([name, amount]) => amount <= (target.limits.get(name)?.capacity ?? -1));
}

function negated(amounts: Amounts): Amounts {
  return new Map([...amounts].map(([name, amount]) => [name, -amount]));
}

function refusal({ statuses, violations, retryAfterMs }: RateLimitExceededError): Decision {
  return retryAfterMs === undefined
    ? { outcome: 'unsatisfiable', allowed: false, violations, limits: statuses }
    : { outcome: 'limited', allowed: false, violations, retryAfterMs, limits: statuses };
}

/** The error that `acquire` throws for a decision that is not allowed. */
export function refusalError(decision: Extract<Decision, { allowed: false }>): ZaeLimiterError {
  return decision.outcome === 'unavailable' ? decision.cause : new RateLimitExceededError(decision.limits);
}
