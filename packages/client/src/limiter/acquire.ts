import type { Amounts, BucketKey, BucketState } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError, RateLimitExceededError, ZaeLimiterError } from '../core/errors.js';
import type { Limit } from '../core/limit.js';
import { applicationLimits } from '../core/plan.js';
import { viewLimits, type Standing } from '../core/views.js';
import { bucketTarget } from '../schema/bucket-item.js';
import type { OnUnavailable } from '../schema/config-item.js';
import type { Store } from '../store/store.js';
import { BucketWriter, type BucketContext, type TakeOutcome } from './bucket-writer.js';
import type { Decision } from './decision.js';
import type { EventHub } from './events.js';
import { Lease } from './lease.js';
import type { LimitResolver, ResolvedLimits } from './limit-resolver.js';
import { checkKnown, checkRequest, type AcquireRequest } from './request.js';

/** Buckets that a process remembers at most; the longest unused is forgotten first. */
const MAX_WRITERS = 10_000;

/** Decides requests: finds the limits, charges the bucket, and says how every limit stands. */
export class Acquirer {
  private readonly writers = new Map<string, BucketWriter>();

  constructor(
    private readonly store: Store,
    private readonly namespaceId: string,
    private readonly resolver: LimitResolver,
    private readonly clock: Clock,
    private readonly events: EventHub,
    private readonly onUnavailable: OnUnavailable | undefined,
  ) {}

  /** Decides one request. Rejects only for a request that is wrong, never for a refusal or an outage. */
  async decide(request: AcquireRequest): Promise<Decision> {
    const amounts = checkRequest(request);
    try {
      return await this.charge(request, amounts);
    } catch (error) {
      if (error instanceof LimiterUnavailableError) return this.withoutStore(request, error);
      throw error;
    }
  }

  private async charge(request: AcquireRequest, amounts: Amounts): Promise<Decision> {
    const { entity, resource } = request;
    const writer = this.writer({ namespaceId: this.namespaceId, entity, resource, shard: 0 });
    const known = request.limits === undefined ? this.resolver.peek(entity, resource) : overridden(request.limits);
    if (known === undefined) return this.firstSight(request, amounts, writer);
    return this.chargeKnown(request, amounts, writer, known);
  }

  private async chargeKnown(request: AcquireRequest, amounts: Amounts, writer: BucketWriter, known: ResolvedLimits): Promise<Decision> {
    const { entity, resource } = request;
    checkKnown(amounts, known.limits);
    const impossible = this.unsatisfiable(request, amounts, known);
    if (impossible !== undefined) return impossible;

    let resolved = known;
    const context: BucketContext = {
      target: known.target,
      lineage: () => this.resolver.lineage(entity),
      revalidate: async () => {
        if (request.limits === undefined) resolved = await this.resolver.revalidate(entity, resource);
        return resolved.target;
      },
    };
    return this.answer(request, amounts, writer, resolved, await writer.take(amounts, context));
  }

  /**
   * Nothing is known about this entity and resource: look the limits up and take from the bucket at the same time, so
   * that a new process with an old bucket needs one round trip.
   */
  private async firstSight(request: AcquireRequest, amounts: Amounts, writer: BucketWriter): Promise<Decision> {
    const [taken, found] = await Promise.allSettled([
      writer.seen ? undefined : writer.takeBlindly(amounts),
      this.resolver.resolve(request.entity, request.resource),
    ]);
    if (taken.status === 'rejected') throw taken.reason;
    const state = taken.value;
    if (state === undefined) {
      if (found.status === 'rejected') throw found.reason;
      return this.chargeKnown(request, amounts, writer, found.value);
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
    return { state, target, shard: 0, now: this.clock.now(), verdict: 'admitted' };
  }

  private answer(request: AcquireRequest, amounts: Amounts, writer: BucketWriter, { source }: ResolvedLimits, outcome: TakeOutcome): Decision {
    const { entity, resource } = request;
    const limits = viewLimits({ entity, resource, source }, outcome.target, amounts, outcome);
    if (outcome.verdict !== 'admitted') return refusal(new RateLimitExceededError(limits));
    const limitNames = applicationLimits(outcome.state!).map(([name]) => name);
    const lease = this.lease(request, { entity, resource, limitNames, settle: (change) => writer.settle(change) }, amounts);
    return { outcome: 'allowed', allowed: true, limits, lease };
  }

  private unsatisfiable({ entity, resource }: AcquireRequest, amounts: Amounts, { target, source }: ResolvedLimits): Decision | undefined {
    const fits = [...amounts].every(([name, amount]) => amount <= target.limits.get(name)!.capacity);
    if (fits) return undefined;
    const standing: Standing = { state: null, shard: 0, now: this.clock.now(), verdict: 'short' };
    return refusal(new RateLimitExceededError(viewLimits({ entity, resource, source }, target, amounts, standing)));
  }

  private withoutStore(request: AcquireRequest, cause: LimiterUnavailableError): Decision {
    const policy = request.onUnavailable ?? this.resolver.onUnavailable() ?? this.onUnavailable ?? 'block';
    // What a wait does not heal, such as a missing permission, must not turn the limits off unnoticed.
    if (policy === 'block' || !cause.retryable) return { outcome: 'unavailable', allowed: false, cause, limits: [] };
    const { entity, resource } = request;
    this.events.emit('degraded', { entity, resource, cause });
    return { outcome: 'degraded', allowed: true, cause, limits: [], lease: this.lease(request, undefined, new Map()) };
  }

  private lease({ entity, resource }: AcquireRequest, charge: ConstructorParameters<typeof Lease>[0], taken: Amounts): Lease {
    return new Lease(charge, taken, (cause, amounts) => this.events.emit('settlementFailed', { entity, resource, amounts, cause }));
  }

  private writer(key: BucketKey): BucketWriter {
    const id = `${key.entity}#${key.resource}#${key.shard}`;
    const writer = this.writers.get(id) ?? new BucketWriter(this.store, this.clock, key);
    this.writers.delete(id); // so that the longest unused stays first
    this.writers.set(id, writer);
    if (this.writers.size > MAX_WRITERS) this.writers.delete(this.writers.keys().next().value!);
    return writer;
  }
}

function overridden(limits: readonly Limit[]): ResolvedLimits {
  return { limits, source: 'override', target: bucketTarget(limits, true) };
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
