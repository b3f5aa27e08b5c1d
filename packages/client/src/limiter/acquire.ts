import type { Amounts } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError, RateLimitExceededError, WaitTimeoutError, type ZaeLimiterError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import type { OutagePolicy } from '../core/on-unavailable.js';
import { MILLI } from '../core/token-bucket.js';
import type { RequestStore } from '../store/store.js';
import { Alarms } from './alarms.js';
import type { WriterSettings } from './bucket-writer.js';
import { Charger, type Charged } from './charger.js';
import { withDeadline } from './deadline.js';
import { Allowed, refusal, type Decision, type LimitedDecision, type ShadowDecision, type UnsatisfiableDecision } from './decision.js';
import type { EventHub } from './events.js';
import { Lease, type Charge, type LeaseOwner, type Tokens } from './lease.js';
import type { LimitResolver } from './limit-resolver.js';
import { checkRequest, type AcquireRequest, type WaitOptions } from './request.js';
import { WaitingLines, type Place } from './waiting-line.js';

const DEFAULT_JITTER = 0.1;

/** Decides requests: charges them, and says what that means to a caller who waits, only watches, or has no store. */
export class Acquirer {
  private readonly charger: Charger;
  /** Charges buckets in memory, during an outage. */
  private local: Charger | undefined;
  private readonly lines = new WaitingLines();
  private readonly alarms: Alarms;

  constructor(
    private readonly settings: WriterSettings,
    private readonly namespaceId: string,
    private readonly resolver: LimitResolver,
    private readonly events: EventHub,
    private readonly onUnavailable: OutagePolicy | undefined,
    private readonly newLocalStore: () => RequestStore,
  ) {
    this.charger = new Charger(settings, namespaceId, resolver, events);
    this.alarms = new Alarms(settings.clock);
  }

  /** Decides one request. A refusal and an outage are decisions; a wrong request and a wrong table are errors. */
  async decide(request: AcquireRequest): Promise<Decision> {
    const amounts = checkRequest(request);
    request.signal?.throwIfAborted();
    if (request.wait) return this.decideInLine(request, amounts, request.wait);
    const decision = await this.decideEnforced(request, amounts);
    return decision.outcome === 'limited' || decision.outcome === 'unsatisfiable' ? this.tell(request, decision) : decision;
  }

  private get clock(): Clock {
    return this.settings.clock;
  }

  /** Tells of a refusal; in shadow mode it is none. */
  private tell(request: AcquireRequest, refused: LimitedDecision | UnsatisfiableDecision): LimitedDecision | UnsatisfiableDecision | ShadowDecision {
    const { entity, resource, mode } = request;
    const { violations, limits } = refused;
    const shadow = mode === 'shadow';
    this.events.emit('denied', { entity, resource, violations, shadow });
    return shadow ? { outcome: 'shadow', allowed: true, wouldDeny: violations, limits, lease: this.lease(request, undefined, false) } : refused;
  }

  private decideEnforced(request: AcquireRequest, amounts: Amounts): Promise<Decision> {
    return this.charge(request, amounts).then(
      (charged) => (charged.admitted ? new Allowed(this.lease(request, charged, false)) : refusal(charged.limits)),
      (error: unknown) => {
        if (LimiterUnavailableError.is(error)) return this.decideWithoutStore(request, amounts, error);
        throw error;
      });
  }

  private async decideWithoutStore(request: AcquireRequest, amounts: Amounts, cause: LimiterUnavailableError): Promise<Decision> {
    const { entity, resource } = request;
    const policy = request.mode === 'shadow' ? 'allow' : request.onUnavailable ?? this.resolver.onUnavailable ?? this.onUnavailable ?? 'block';
    const unavailable: Decision = { outcome: 'unavailable', allowed: false, cause, limits: [] };
    // What a wait does not heal, such as a missing permission, must not turn the limits off unnoticed.
    if (policy === 'block' || (!cause.retryable && request.mode !== 'shadow')) return unavailable;
    const charged = policy === 'local' ? await this.chargeLocally(request, amounts) : NOTHING;
    if (charged === undefined) return unavailable;
    if (!charged.admitted) return refusal(charged.limits);
    this.events.emit('degraded', { entity, resource, cause });
    return { outcome: 'degraded', allowed: true, cause, limits: charged.limits, lease: this.lease(request, undefined, true) };
  }

  /** Undefined when memory does not hold the limits. */
  private async chargeLocally(request: AcquireRequest, amounts: Amounts): Promise<Charged | undefined> {
    this.local ??= new Charger({ ...this.settings, store: this.newLocalStore() }, this.namespaceId, this.resolver, this.events);
    return this.local.chargeFromMemory(request, amounts);
  }

  /** Forgets the buckets of an outage: the table counts again. */
  recovered(): void {
    this.local = undefined;
  }

  /** Waits for its turn among the requests for the same bucket, and then for tokens. */
  private async decideInLine(request: AcquireRequest, amounts: Amounts, { maxMs, jitter = DEFAULT_JITTER }: WaitOptions): Promise<Decision> {
    const { entity, resource, signal } = request;
    const start = this.clock.now();
    const place = this.lines.join(`${entity}#${resource}`);
    try {
      if (place.position > 0 && !await this.turn(place, maxMs, signal) && place.refusal !== undefined) {
        return this.tell(request, { ...inLine(place.refusal, amounts), waited: { ms: this.clock.now() - start, position: place.position } });
      }
      for (;;) {
        const decision = await this.decideEnforced(request, amounts);
        if (decision.outcome === 'unsatisfiable') return this.tell(request, decision);
        if (decision.outcome !== 'limited') return decision;
        place.refuse(decision);
        const ms = this.clock.now() - start;
        if (request.mode === 'shadow' || ms + decision.retryAfterMs > maxMs) {
          return this.tell(request, { ...decision, waited: { ms, position: place.position } });
        }
        await this.clock.sleep(Math.min(maxMs - ms, Math.ceil(decision.retryAfterMs * (1 + jitter * this.settings.random()))), signal);
      }
    } finally {
      place.leave();
    }
  }

  /** True when it is the place's turn, false when the time is over before. */
  private async turn(place: Place, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    const timeOver = new Error('the time is over');
    const turn = withDeadline(() => place.turn, { alarms: this.alarms, ms, signal, tooLate: () => timeOver, late: () => undefined });
    return turn.then(() => true, (error: unknown) => {
      if (error === timeOver) return false;
      throw error;
    });
  }

  /**
   * Charges a request, unless that takes longer than the limiter may wait or the caller gives up. What is taken after that
   * is given back: nobody has it.
   */
  private charge(request: AcquireRequest, amounts: Amounts): Promise<Charged> {
    const { store, timeoutMs: ms } = this.settings;
    const { entity, resource, limits } = request;
    return withDeadline((abandoned) => this.charger.charge({ entity, resource, limits, signal: abandoned }, amounts), {
      alarms: this.alarms, ms, signal: request.signal,
      tooLate: () => new LimiterUnavailableError(`table '${store.tableName}' did not answer within ${ms} ms`, true, { reason: 'unanswered' }),
      late: (charged) => void this.lease(request, charged, false).settle('rollback'),
    });
  }

  private lease(request: AcquireRequest, charged: Charged | undefined, degraded: boolean): Lease {
    return new Lease(new RequestOwner(this, this.events, request), charged, degraded);
  }

  /** Takes more for a request that was let through; undefined when nothing is to be booked for it. */
  async takeMore(request: AcquireRequest, amounts: Amounts): Promise<readonly Charge[] | undefined> {
    try {
      const charged = await this.charge(request, amounts);
      if (charged.admitted) return charged.charges;
      const refused = this.tell(request, refusal(charged.limits));
      if (refused.allowed) return undefined;
      throw refusalError(refused);
    } catch (error) {
      if (!LimiterUnavailableError.is(error)) throw error;
      const decision = await this.decideWithoutStore(request, amounts, error);
      if (!decision.allowed) throw refusalError(decision);
      return undefined;
    }
  }
}

/** The request that a lease belongs to. */
class RequestOwner implements LeaseOwner {
  readonly entity: string;
  readonly resource: string;

  constructor(private readonly acquirer: Acquirer, private readonly events: EventHub, private readonly request: AcquireRequest) {
    ({ entity: this.entity, resource: this.resource } = request);
  }

  takeMore(amounts: Amounts): Promise<readonly Charge[] | undefined> {
    return this.acquirer.takeMore(this.request, amounts);
  }

  unsettled(entity: string, amounts: Tokens, cause: unknown): void {
    this.events.emit('settlementFailed', { entity, resource: this.resource, amounts, cause });
  }

  dropped(amounts: Tokens): void {
    const { entity, resource } = this;
    this.events.emit('correctionsDropped', { entity, resource, amounts });
  }
}

const NOTHING: Charged = { admitted: true, limits: [], charges: [] };

/** The refusal of one that waited behind another: it was not asked, because what there was belonged to those before it. */
function inLine({ limits }: LimitedDecision, amounts: Amounts): LimitedDecision {
  const views = limits.map((view): LimitView => {
    const requested = (amounts.get(view.name) ?? 0) / MILLI;
    const exceeded = requested > 0;
    return { ...view, requested, exceeded, retryAfterMs: exceeded ? Math.max(1, view.retryAfterMs ?? 1) : 0 };
  });
  return refusal(views) as LimitedDecision;
}

/** The error that `acquire` throws for a decision that is not allowed. */
export function refusalError(decision: Extract<Decision, { allowed: false }>): ZaeLimiterError {
  if (decision.outcome === 'unavailable') return decision.cause;
  const error = new RateLimitExceededError(decision.limits);
  const waited = decision.outcome === 'limited' ? decision.waited : undefined;
  return waited === undefined ? error : new WaitTimeoutError(waited.ms, waited.position, error);
}
