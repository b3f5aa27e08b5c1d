import { setImmediate } from 'node:timers';
import { addAmounts, type Amounts, type BucketKey, type BucketState, type BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import { adoptParameters, expiryForDebt, parametersDiffer, plan, takeUnseen, type Plan } from '../core/plan.js';
import { availableTokens, type Standing } from '../core/views.js';
import { createUpdate, parseBucket, pullBackUpdate, refillUpdate, settleUpdate, splitUpdate, takeUpdate, type Lineage } from '../schema/bucket-item.js';
import type { ItemUpdate } from '../schema/update.js';
import type { RequestStore } from '../store/store.js';
import type { Abandonment } from './deadline.js';
import { SettlementQueue } from './settlement-queue.js';
import { writeOnce, type OnceOutcome } from './write-once.js';
import { WritePace } from './write-pace.js';

/** Conditional writes that a request may lose to others before it is refused. */
const MAX_ROUNDS = 4;

/** As it is now: what pretends to be the time in a program's tests must not hold up requests that wait for their turn. */
const inNextTurn = setImmediate;

/** Writes of requests to one bucket that may be under way at the same time, while few requests wait and tokens abound. */
const MAX_IN_FLIGHT = 4;

/** Requests in one write from which the bucket counts as hot: then one write at a time carries all that wait. */
const HOT_BATCH = 4;

/** Times that a write for a request is sent at most; together they may take `timeoutMs`. */
const TAKE_ATTEMPTS = 2;

/** Times that a correction is sent at most: nobody waits for its outcome to go on. */
const SETTLE_ATTEMPTS = 5;

/** A bucket that was credited this far into the future is worth telling of. */
const CLOCK_AHEAD_MS = 60_000;

/** What all writers of a limiter share. */
export interface WriterSettings {
  readonly store: RequestStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a bucket that was seen short may refuse from memory, in milliseconds. */
  readonly denyTtlMs: number;
  /** Longest wait of one request for its write, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a write waits for more requests to share it, in milliseconds. */
  readonly maxBatchDelayMs: number;
  /** Move a refill time that is more than a minute ahead back to now. */
  readonly pullClockBack: boolean;
}

/** What a writer tells, and asks, the bucket that it is a shard of. */
export interface WriterListener {
  /** The shard looks so: a write for a request returned it. */
  seen(state: BucketState): void;
  /** Whether a further shard belongs to the bucket; called before it is created. */
  hasShard(shard: number): Promise<boolean>;
  /** DynamoDB goes on throttling the bucket although it is written as rarely as may be. */
  tooHot(): void;
  /** The bucket was credited up to a time in the future. */
  clockAhead(aheadMs: number): void;
}

/** What a writer asks of a request when the bucket alone does not say it. */
export interface TakeContext {
  /** Limits that the bucket should carry, as far as they are known without a call. */
  readonly limits: WantedLimits;
  /** The entity's place in the hierarchy, for a bucket that has to be created. */
  readonly lineage: Lineage;
  /** Aborted when nobody waits for the request any more. */
  readonly signal: Abandonment | undefined;
  /** The limits, looked up again; called when the bucket carries others and was seen after these were read. */
  revalidate(): Promise<WantedLimits>;
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
  private lastBatch = 0;
  private readonly pace: WritePace;
  private readonly settlements = new SettlementQueue((amounts) => this.writeSettlement(amounts));

  constructor(private readonly settings: WriterSettings, readonly key: BucketKey, private readonly listener: WriterListener) {
    this.pace = new WritePace(settings.clock, settings.maxBatchDelayMs, () => listener.tooHot());
  }

  private get clock(): Clock {
    return this.settings.clock;
  }

  /** The bucket as its last write left it: undefined when there was none, null when there is no bucket. */
  get lastSeen(): BucketState | null | undefined {
    return this.state;
  }

  /** True while the memory of the bucket may refuse. */
  get fresh(): boolean {
    return this.clock.now() - this.seenAt < this.settings.denyTtlMs;
  }

  /**
   * How many times over the bucket could give these amounts, as far as is known: below 1 it is short. Infinity for a bucket
   * that was never seen.
   */
  room(amounts: Amounts, target: BucketTarget, count: number): number {
    if (this.state === undefined || (this.state === null && this.key.shard === 0)) return Infinity;
    const available = this.available(target, count);
    const lacking = this.state === null ? 0 : Infinity; // a limit that is new to a bucket starts full
    return Math.min(...[...amounts].map(([name, amount]) => (amount === 0 ? Infinity : (available.get(name) ?? lacking) / amount)));
  }

  /** Millitokens by limit name that the bucket could give, as far as is known. */
  available(target: BucketTarget, count: number): ReadonlyMap<string, number> {
    return availableTokens(this.state ?? null, target, { place: { index: this.key.shard, count }, now: this.clock.now(), verdict: 'admitted' });
  }

  /**
   * Takes from what is stored, without knowing the limits that apply. 1 call.
   *
   * False when the bucket is missing, idle or too short as it is: `take` decides with the limits.
   */
  async takeBlindly(amounts: Amounts): Promise<boolean> {
    const outcome = await this.open(() => this.writeTake(takeUpdate(this.key, takeUnseen(amounts, this.clock.now()), 1)));
    return outcome?.applied === true;
  }

  /**
   * Takes all amounts or none. 1 call when the bucket is remembered as it is, 1 more for each time that it is not; none
   * when it was seen too short a moment ago. Requests that come while writes are under way share the next one.
   *
   * @param shardCount shards that the bucket is known to have
   */
  take(amounts: Amounts, shardCount: number, context: TakeContext): Promise<TakeOutcome> {
    return new Promise((resolve, reject) => {
      this.queue.push({ amounts, shardCount, limits: context.limits, context, refreshed: false, resolve, reject });
      this.serveQueue();
    });
  }

  private serveQueue(): void {
    while (this.queue.length > 0 && (this.deciding.size === 0 || this.mayWriteBeside())) {
      if (this.pace.mustWait(() => this.serveQueue())) return;
      const batch = this.nextBatch();
      if (batch.length === 0) continue;
      this.hot = Math.max(batch.length, this.lastBatch) >= HOT_BATCH; // small batches follow large ones in a closed loop
      this.lastBatch = batch.length;
      this.deciding.add(batch);
      void this.serve(batch).then((failure) => {
        // A store that is down must not keep those who wait: each would run into it, one after the other.
        if (failure !== undefined && failure.reason !== 'throttled') for (const { reject } of this.queue.splice(0)) reject(failure);
        const goOn = (): void => {
          this.deciding.delete(batch);
          this.serveQueue();
        };
        // Callers who were answered just now and ask again at once share the next write with those who wait already.
        if (this.hot) inNextTurn(goOn);
        else goOn();
      });
    }
  }

  /** Doubles the shards of the bucket, unless somebody else has; only the first shard may be asked. */
  async split(shardCount: number): Promise<boolean> {
    return (await this.writeTake(splitUpdate(this.key, shardCount))).result === 'applied';
  }

  /** Several writes at a time save waiting, but they overtake each other: only while there is enough for all of them. */
  private mayWriteBeside(): boolean {
    if (this.hot || this.deciding.size >= MAX_IN_FLIGHT || this.queue.length >= HOT_BATCH || !exists(this.state)) return false;
    const { limits } = this.state;
    const wanted = sumOf([...this.deciding, this.queue].flat());
    return [...wanted].every(([name, amount]) => (limits.get(name)?.tokens ?? 0) >= amount);
  }

  /** The requests at the head of the queue that want the same limits; they are decided together. */
  private nextBatch(): QueuedTake[] {
    const batch: QueuedTake[] = [];
    const sum = new Map<string, number>();
    while (this.queue.length > 0) {
      const next = this.queue[0]!;
      const { limits, shardCount } = batch[0] ?? next;
      if (limits.target !== next.limits.target || shardCount !== next.shardCount) break;
      addAmounts(sum, next.amounts);
      if (batch.length > 0 && isTooLarge(sum)) break;
      this.queue.shift();
      const { signal } = next.context;
      if (signal?.aborted) next.reject(signal.reason);
      else batch.push(next);
    }
    return batch;
  }

  /**
   * Decides a batch with one write when all of it fits; otherwise first those that fit, in order, and then the rest.
   *
   * @returns why the store could not answer, for those who wait behind the batch; undefined when it could
   */
  private async serve(batch: readonly QueuedTake[]): Promise<LimiterUnavailableError | undefined> {
    const alone = batch.length === 1;
    try {
      const outcome = await this.takeNow(sumOf(batch), batch[0]!, batch.length);
      if (outcome !== undefined && (outcome.verdict === 'admitted' || alone)) {
        for (const { resolve } of batch) resolve(outcome);
        return undefined;
      }
      for (const part of outcome === undefined ? await refreshed(batch) : partsOf(batch, outcome)) {
        const failure = await this.serve(part);
        if (failure !== undefined) throw failure; // a store that is down is not asked once for each
      }
      return undefined;
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return LimiterUnavailableError.is(error) ? error : undefined;
    }
  }

  /** Decides one request, or several as one. Undefined when their limits must be looked up again first. */
  private async takeNow(amounts: Amounts, first: QueuedTake, requests: number): Promise<TakeOutcome | undefined> {
    const { context, limits: wanted, refreshed: isRefreshed } = first;
    const place = { index: this.key.shard, count: first.shardCount };
    let { state, seenAt } = this;
    let current = false; // whether `state` was written or returned during this request
    for (let round = 0; round <= MAX_ROUNDS;) {
      // Where bucket and limits differ, the one that was seen later is right. Limits that cannot be looked up again yet
      // must not be written over those of a bucket that somebody has corrected.
      const outdated = exists(state) && wanted.readAt < seenAt && parametersDiffer(state, wanted.target);
      if (outdated && !isRefreshed) return undefined;
      const target = exists(state) && outdated ? adoptParameters(state, wanted.target) : wanted.target;

      const now = this.clock.now();
      if (exists(state) && await this.pullBack(state, now)) {
        ({ state, seenAt } = this);
        round++;
        continue;
      }
      const chosen = this.choose(state, target, amounts, now, place, current || now - seenAt < this.settings.denyTtlMs, round);
      const absent = chosen.kind === 'create' && this.key.shard > 0 && !(await this.listener.hasShard(this.key.shard));
      if (chosen.kind === 'deny' || absent) return { state: state ?? null, place, now, verdict: 'short', target };

      const send = (): Promise<WriteOutcome> => this.send(chosen, context.lineage, requests);
      const outcome = exists(state) ? await send() : await this.open(send);
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
  settle(amounts: Amounts): Promise<void> {
    return this.settlements.settle(amounts);
  }

  private async writeSettlement(amounts: Amounts): Promise<void> {
    const expiresAt = exists(this.state) ? expiryForDebt(this.state, amounts, this.clock.now(), this.key.shard) : undefined;
    const { result, state } = await this.write(settleUpdate(this.key, amounts, expiresAt), SETTLE_ATTEMPTS);
    // What may have been done counts as done: a refund that is booked twice would mint tokens.
    if (result !== 'refused' || !exists(state)) return;
    const left = new Map([...amounts].filter(([name]) => state.limits.has(name)));
    if (left.size === 0) return;
    await this.write(settleUpdate(this.key, left, expiryForDebt(state, left, this.clock.now(), this.key.shard)), SETTLE_ATTEMPTS);
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

  private async send(chosen: Exclude<Plan, { kind: 'deny' }>, lineage: Lineage, requests: number): Promise<WriteOutcome> {
    switch (chosen.kind) {
      case 'take': return this.writeTake(takeUpdate(this.key, chosen, requests));
      case 'refill': return this.writeTake(refillUpdate(this.key, chosen, requests));
      case 'create': return this.writeTake(createUpdate(this.key, chosen, lineage, requests));
    }
  }

  /** Tells of a bucket that was credited far into the future; moves it back when that is wanted. */
  private async pullBack({ refilledAt }: BucketState, now: number): Promise<boolean> {
    const aheadMs = refilledAt! - now;
    if (aheadMs <= CLOCK_AHEAD_MS) return false;
    this.listener.clockAhead(aheadMs);
    if (!this.settings.pullClockBack) return false;
    await this.write(pullBackUpdate(this.key, refilledAt!, now));
    return true;
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

  /** A write for requests, which go where the shards are. A correction goes where its tokens came from, though that may be gone. */
  private async writeTake(update: ItemUpdate): Promise<WriteOutcome> {
    const outcome = await this.write(update);
    if (outcome.state !== null) this.listener.seen(outcome.state);
    return outcome;
  }

  private async write(update: ItemUpdate, attempts: number = TAKE_ATTEMPTS): Promise<WriteOutcome> {
    const { store, clock, random, timeoutMs } = this.settings;
    let throttled = false;
    const onThrottle = (): void => {
      throttled = true;
      this.pace.throttled();
    };
    const { result, item } = await writeOnce(store, update, {
      previous: this.state?.operation, attempts, timeoutMs: Math.ceil(timeoutMs / TAKE_ATTEMPTS), clock, random, onThrottle,
    });
    const [state, seenAt] = [item === undefined ? null : parseBucket(item), clock.now()];
    this.state = state;
    this.seenAt = seenAt;
    if (!throttled) this.pace.notThrottled();
    // For a request, what may have been done counts as not done: it pays again, so nobody passes without having paid.
    return { result, applied: result === 'applied', state, seenAt };
  }
}

interface WriteOutcome {
  readonly result: OnceOutcome['result'];
  readonly applied: boolean;
  readonly state: BucketState | null;
  readonly seenAt: number;
}

interface QueuedTake {
  readonly amounts: Amounts;
  readonly shardCount: number;
  readonly limits: WantedLimits;
  readonly context: TakeContext;
  /** True when its limits were looked up again because the bucket carries others. */
  readonly refreshed: boolean;
  resolve(outcome: TakeOutcome): void;
  reject(error: unknown): void;
}

/** Sums beyond this could leave the safe integers once they are added to a balance. */
const LARGEST_SUM = Number.MAX_SAFE_INTEGER / 4;

function isTooLarge(sum: Amounts): boolean {
  for (const total of sum.values()) if (total > LARGEST_SUM) return true;
  return false;
}

function sumOf(batch: readonly QueuedTake[]): Amounts {
  if (batch.length === 1) return batch[0]!.amounts;
  const sum = new Map<string, number>();
  for (const { amounts } of batch) addAmounts(sum, amounts);
  return sum;
}

/** Requests whose limits were looked up again, those with the same limits together. One whose limits are gone is refused. */
async function refreshed(batch: readonly QueuedTake[]): Promise<(readonly QueuedTake[])[]> {
  const groups = new Map<BucketTarget, QueuedTake[]>();
  await Promise.all(batch.map(async (request) => {
    try {
      const limits = await request.context.revalidate();
      const group = groups.get(limits.target) ?? [];
      groups.set(limits.target, group);
      group.push({ ...request, limits, refreshed: true });
    } catch (error) {
      request.reject(error);
    }
  }));
  return [...groups.values()];
}

/**
 * The requests of a refused batch that fit together into what the refusal showed, first come first served, and then each of
 * the others alone: it will be refused, mostly from memory and for free.
 */
function partsOf(batch: readonly QueuedTake[], { state, target, ...standing }: TakeOutcome): (readonly QueuedTake[])[] {
  if (state === null) return [batch.slice(0, 1), batch.slice(1)];
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
