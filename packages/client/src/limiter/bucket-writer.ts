import type { Amounts, BucketKey, BucketState, BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError, ZaeLimiterError } from '../core/errors.js';
import { adoptParameters, expiryForDebt, parametersDiffer, plan, takeUnseen, type Plan } from '../core/plan.js';
import { availableTokens, type Standing } from '../core/views.js';
import { createUpdate, parseBucket, refillUpdate, settleUpdate, takeUpdate, type Lineage } from '../schema/bucket-item.js';
import type { ItemUpdate } from '../schema/update.js';
import type { Store } from '../store/store.js';

/** Conditional writes that a request may lose to others before it is refused. */
const MAX_ROUNDS = 4;

/** Writes of requests to one bucket that may be under way at the same time, while few requests wait and tokens abound. */
const MAX_IN_FLIGHT = 4;

/** Requests in one write from which the bucket counts as hot: then one write at a time carries all that wait. */
const HOT_BATCH = 4;

/** What a writer asks for when the bucket alone does not say it. */
export interface BucketContext {
  /** Limits that the bucket should carry, as far as they are known without a call. */
  readonly limits: WantedLimits;
  /** Shards that the bucket is known to have. */
  readonly shardCount: number;
  /** The limits, looked up again; called when the bucket carries others and was seen after these were read. */
  revalidate(): Promise<WantedLimits>;
  /** The entity's place in the hierarchy; called before a bucket is created. */
  lineage(): Promise<Lineage>;
}

/** Limits that a bucket should carry, and when they were read. */
export interface WantedLimits {
  readonly target: BucketTarget;
  /** Epoch milliseconds. */
  readonly readAt: number;
}

/** How a request ended, and the target that it was decided with. */
export interface TakeOutcome extends Standing {
  readonly target: BucketTarget;
}

/**
 * Writes to one bucket and remembers how it looked after the last write.
 *
 * A request whose bucket is remembered costs 1 call: the memory only chooses the write, the write's own conditions
 * decide. A refused write returns the bucket as it is, so the next one is exact; nothing is ever read. Only a refusal may
 * come from memory, for a moment: until a time that is computed no refill by anyone can make the request fit.
 */
export class BucketWriter {
  /** Undefined before the first write, null when the bucket does not exist. */
  private state: BucketState | null | undefined;
  /** When the bucket looked so, in epoch milliseconds. */
  private seenAt = -Infinity;
  /** The first write, or the creation, while it is under way. */
  private opening: Promise<unknown> | undefined;
  /** Requests that wait for a write to end, first come first served. */
  private readonly queue: QueuedTake[] = [];
  /** Requests that are being decided, by the batch in which they are. */
  private readonly deciding = new Set<readonly QueuedTake[]>();
  private hot = false;
  /** Corrections that wait for the one that is under way. */
  private settlements: QueuedSettlement | undefined;
  private settling = false;

  /** @param denyTtlMs how long a bucket that was seen short may refuse from memory, in milliseconds */
  constructor(
    private readonly store: Store, private readonly clock: Clock, readonly key: BucketKey, private readonly denyTtlMs: number,
  ) {}

  /** True once a write has shown whether the bucket exists. */
  get seen(): boolean {
    return this.state !== undefined;
  }

  /** Shards of the bucket, as its last write showed; 1 when there was none. */
  get shardCount(): number {
    return this.state?.shardCount ?? 1;
  }

  /**
   * Takes from what is stored, without knowing the limits that apply. 1 call.
   *
   * Undefined when the bucket is missing, idle or too short as it is: `take` decides with the limits.
   */
  async takeBlindly(amounts: Amounts): Promise<BucketState | undefined> {
    const outcome = await this.open(() => this.write(takeUpdate(this.key, takeUnseen(amounts, this.clock.now()))));
    return outcome?.applied ? outcome.state! : undefined;
  }

  /**
   * Takes all amounts or none. 1 call when the bucket is remembered as it is, 1 more for each time that it is not; none
   * when it was seen too short a moment ago. Requests that come while writes are under way share the next one.
   */
  async take(amounts: Amounts, context: BucketContext): Promise<TakeOutcome> {
    return new Promise((resolve, reject) => {
      this.queue.push({ amounts, context, resolve, reject });
      this.serveQueue();
    });
  }

  private serveQueue(): void {
    while (this.queue.length > 0 && (this.deciding.size === 0 || this.mayWriteBeside())) {
      const batch = this.nextBatch();
      this.hot = batch.length >= HOT_BATCH;
      this.deciding.add(batch);
      void this.serve(batch).then((failure) => {
        this.deciding.delete(batch);
        // A store that is down must not keep those who wait: each would run into it, one after the other.
        if (failure !== undefined) for (const { reject } of this.queue.splice(0)) reject(failure);
        this.serveQueue();
      });
    }
  }

  /** Several writes at a time save waiting, but they overtake each other: only while there is enough for all of them. */
  private mayWriteBeside(): boolean {
    if (this.hot || this.deciding.size >= MAX_IN_FLIGHT || !exists(this.state)) return false;
    const { limits } = this.state;
    const wanted = sumOf([...this.deciding, this.queue].flat());
    return [...wanted].every(([name, amount]) => (limits.get(name)?.tokens ?? 0) >= amount);
  }

  /** The requests at the head of the queue that want the same limits; they are decided together. */
  private nextBatch(): QueuedTake[] {
    const { limits, shardCount } = this.queue[0]!.context;
    const end = this.queue.findIndex(({ context }) => context.limits.target !== limits.target || context.shardCount !== shardCount);
    return this.queue.splice(0, end === -1 ? this.queue.length : end);
  }

  /**
   * Decides a batch with one write when all of it fits; otherwise first those that fit, in order, and then the rest.
   *
   * @returns why the store could not answer, for those who wait behind the batch; undefined when it could
   */
  private async serve(batch: readonly QueuedTake[]): Promise<LimiterUnavailableError | undefined> {
    const alone = batch.length === 1;
    try {
      const outcome = await this.takeNow(sumOf(batch), batch[0]!.context, alone);
      if (outcome !== undefined && (outcome.verdict === 'admitted' || alone)) {
        for (const { resolve } of batch) resolve(outcome);
        return undefined;
      }
      const parts = outcome === undefined || outcome.state === null ? [batch.slice(0, 1), batch.slice(1)] : partsOf(batch, outcome);
      for (const part of parts) {
        const failure = await this.serve(part);
        if (failure !== undefined) throw failure; // a store that is down is not asked once for each
      }
      return undefined;
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return ZaeLimiterError.is(error) && error.code === 'UNAVAILABLE' ? error as LimiterUnavailableError : undefined;
    }
  }

  /** Decides one request, or several as one. Undefined when their limits must be looked up again, which each does alone. */
  private async takeNow(amounts: Amounts, context: BucketContext, alone: boolean): Promise<TakeOutcome | undefined> {
    const place = { index: this.key.shard, count: context.shardCount };
    let wanted = context.limits;
    let { state, seenAt } = this;
    let current = false; // whether `state` was written or returned during this request
    for (let round = 0; round <= MAX_ROUNDS;) {
      // Where bucket and limits differ, the one that was seen later is right. Limits that cannot be looked up again yet
      // must not be written over those of a bucket that somebody has corrected.
      const outdated = (): boolean => exists(state) && wanted.readAt < seenAt && parametersDiffer(state, wanted.target);
      if (wanted === context.limits && outdated()) {
        if (!alone) return undefined;
        wanted = await context.revalidate();
      }
      const target = exists(state) && outdated() ? adoptParameters(state, wanted.target) : wanted.target;

      const now = this.clock.now();
      const chosen = this.choose(state, target, amounts, now, place, current || now - seenAt < this.denyTtlMs, round);
      if (chosen.kind === 'deny') return { state: state ?? null, place, now, verdict: 'short', target };

      const outcome = exists(state) ? await this.send(chosen, context) : await this.open(() => this.send(chosen, context));
      if (outcome === undefined) { // somebody else of this process was opening the bucket
        ({ state, seenAt } = this);
        continue;
      }
      ({ state, seenAt } = outcome);
      if (outcome.applied && (chosen.kind !== 'create' || chosen.admits)) return { state, place, now, verdict: 'admitted', target };
      current = true;
      round++;
    }
    if (!exists(state)) throw new LimiterUnavailableError('the bucket was deleted again and again while it was written', true);
    return { state, place, now: this.clock.now(), verdict: 'contended', target: wanted.target };
  }

  /**
   * Moves tokens without asking whether there are enough: positive amounts are taken, negative ones given back. 1 call,
   * and 1 more when a limit is gone. What belongs to a limit or bucket that is gone is dropped. Corrections that come while
   * one is under way share the next.
   */
  async settle(amounts: Amounts): Promise<void> {
    if (!this.settling) return this.settleNow(amounts);
    const waiting = this.settlements ?? newSettlement();
    this.settlements = waiting;
    add(waiting.amounts, amounts);
    return waiting.done;
  }

  private async settleNow(amounts: Amounts): Promise<void> {
    this.settling = true;
    try {
      await this.writeSettlement(amounts);
    } finally {
      this.settling = false;
      const next = this.settlements;
      this.settlements = undefined;
      if (next !== undefined) this.settleNow(next.amounts).then(next.resolve, next.reject);
    }
  }

  private async writeSettlement(amounts: Amounts): Promise<void> {
    const expiresAt = exists(this.state) ? expiryForDebt(this.state, amounts, this.clock.now(), this.key.shard) : undefined;
    const { applied, state } = await this.write(settleUpdate(this.key, amounts, expiresAt));
    if (applied || !exists(state)) return;
    const left = new Map([...amounts].filter(([name]) => state.limits.has(name)));
    if (left.size > 0) await this.write(settleUpdate(this.key, left, expiryForDebt(state, left, this.clock.now(), this.key.shard)));
  }

  private choose(
    state: BucketState | null | undefined, target: BucketTarget, amounts: Amounts, now: number, place: Standing['place'], trusted: boolean, round: number,
  ): Plan {
    const take: Plan = { kind: 'take', amounts, refilledSince: undefined };
    if (round === MAX_ROUNDS && exists(state)) return take; // the lock was lost each time; this needs none
    const chosen = plan(state, target, amounts, now, place);
    // A remembered bucket may have been given tokens since: after a while only the bucket itself can say no.
    return chosen.kind === 'deny' && !trusted && exists(state) ? take : chosen;
  }

  private async send(chosen: Exclude<Plan, { kind: 'deny' }>, context: BucketContext): Promise<WriteOutcome> {
    switch (chosen.kind) {
      case 'take': return this.write(takeUpdate(this.key, chosen));
      case 'refill': return this.write(refillUpdate(this.key, chosen));
      case 'create': return this.write(createUpdate(this.key, chosen, await context.lineage()));
    }
  }

  /**
   * Lets one caller find out whether the bucket exists, or create it; the others wait and get undefined. When the one
   * fails they fail with it: asking a store that is down once for each of them, one after the other, helps nobody.
   */
  private async open<T>(write: () => Promise<T>): Promise<T | undefined> {
    if (this.opening !== undefined) {
      await this.opening;
      return undefined;
    }
    const mine = write();
    this.opening = mine;
    try {
      return await mine;
    } finally {
      this.opening = undefined;
    }
  }

  private async write(update: ItemUpdate): Promise<WriteOutcome> {
    const { applied, item } = await this.store.update(update);
    const [state, seenAt] = [item === undefined ? null : parseBucket(item), this.clock.now()];
    this.state = state;
    this.seenAt = seenAt;
    return { applied, state, seenAt };
  }
}

interface WriteOutcome {
  readonly applied: boolean;
  readonly state: BucketState | null;
  readonly seenAt: number;
}

interface QueuedTake {
  readonly amounts: Amounts;
  readonly context: BucketContext;
  resolve(outcome: TakeOutcome): void;
  reject(error: unknown): void;
}

interface QueuedSettlement {
  readonly amounts: Map<string, number>;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function newSettlement(): QueuedSettlement {
  let settle!: Pick<QueuedSettlement, 'resolve' | 'reject'>;
  const done = new Promise<void>((resolve, reject) => { settle = { resolve, reject }; });
  return { amounts: new Map(), done, ...settle };
}

function add(sum: Map<string, number>, amounts: Amounts): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + amount);
}

function sumOf(batch: readonly QueuedTake[]): Amounts {
  if (batch.length === 1) return batch[0]!.amounts;
  const sum = new Map<string, number>();
  for (const { amounts } of batch) add(sum, amounts);
  return sum;
}

/**
 * The requests of a refused batch that fit together into what the refusal showed, first come first served, and then each of
 * the others alone: it will be refused, mostly from memory and for free.
 */
function partsOf(batch: readonly QueuedTake[], { state, target, ...standing }: TakeOutcome): (readonly QueuedTake[])[] {
  const left = availableTokens(state, target, standing);
  const fitting: QueuedTake[] = [];
  const others: QueuedTake[][] = [];
  for (const request of batch) {
    const fits = [...request.amounts].every(([name, amount]) => amount === 0 || (left.get(name) ?? 0) >= amount);
    if (!fits) {
      others.push([request]);
      continue;
    }
    for (const [name, amount] of request.amounts) left.set(name, (left.get(name) ?? 0) - amount);
    fitting.push(request);
  }
  if (fitting.length === 0) return others;
  // Together they were refused: if all seem to fit after all, each must ask for itself.
  return others.length === 0 ? fitting.map((request) => [request]) : [fitting, ...others];
}

/** False for a bucket that is missing, damaged or was never seen: the next write creates it or finds out. */
function exists(state: BucketState | null | undefined): state is BucketState {
  return state != null && state.refilledAt !== undefined;
}
