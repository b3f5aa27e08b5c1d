import type { Amounts, BucketKey, BucketState, BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import { adoptParameters, expiryForDebt, parametersDiffer, plan, takeUnseen, type Plan } from '../core/plan.js';
import type { Standing } from '../core/views.js';
import { createUpdate, parseBucket, refillUpdate, settleUpdate, takeUpdate, type Lineage } from '../schema/bucket-item.js';
import type { ItemUpdate } from '../schema/update.js';
import type { Store } from '../store/store.js';

/** Conditional writes that a request may lose to others before it is refused. */
const MAX_ROUNDS = 4;

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
   * when it was seen too short a moment ago.
   */
  async take(amounts: Amounts, context: BucketContext): Promise<TakeOutcome> {
    const place = { index: this.key.shard, count: context.shardCount };
    let wanted = context.limits;
    let { state, seenAt } = this;
    let current = false; // whether `state` was written or returned during this request
    for (let round = 0; round <= MAX_ROUNDS;) {
      // Where bucket and limits differ, the one that was seen later is right. Limits that cannot be looked up again yet
      // must not be written over those of a bucket that somebody has corrected.
      const outdated = (): boolean => exists(state) && wanted.readAt < seenAt && parametersDiffer(state, wanted.target);
      if (wanted === context.limits && outdated()) wanted = await context.revalidate();
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
   * and 1 more when a limit is gone. What belongs to a limit or bucket that is gone is dropped.
   */
  async settle(amounts: Amounts): Promise<void> {
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

/** False for a bucket that is missing, damaged or was never seen: the next write creates it or finds out. */
function exists(state: BucketState | null | undefined): state is BucketState {
  return state != null && state.refilledAt !== undefined;
}
