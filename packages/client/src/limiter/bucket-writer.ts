import type { Amounts, BucketKey, BucketState, BucketTarget } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import { parametersDiffer, plan, type Plan, type TakePlan } from '../core/plan.js';
import type { Standing } from '../core/views.js';
import { createUpdate, parseBucket, refillUpdate, settleUpdate, takeUpdate, type Lineage } from '../schema/bucket-item.js';
import type { ItemUpdate } from '../schema/update.js';
import type { Store } from '../store/store.js';

/** Conditional writes that a request may lose to others before it is refused. */
const MAX_ROUNDS = 4;

/** What a writer asks for when the bucket alone does not say it. */
export interface BucketContext {
  /** Limits that the bucket should carry, as far as they are known without a call. */
  readonly target: BucketTarget;
  /** The same, looked up again; called when the bucket carries other parameters. */
  revalidate(): Promise<BucketTarget>;
  /** The entity's place in the hierarchy; called before a bucket is created. */
  lineage(): Promise<Lineage>;
}

/** How a request ended, and the target that it was decided with. */
export interface TakeOutcome extends Standing {
  readonly target: BucketTarget;
}

/**
 * Writes to one bucket and remembers how it looked after the last write.
 *
 * A request whose bucket is remembered costs 1 call: the memory only chooses the write, the write's own conditions
 * decide. A refused write returns the bucket as it is, so the next one is exact; nothing is ever read.
 */
export class BucketWriter {
  /** Undefined before the first write, null when the bucket does not exist. */
  private state: BucketState | null | undefined;
  /** The first write, or the creation, while it is under way. */
  private opening: Promise<unknown> | undefined;

  constructor(private readonly store: Store, private readonly clock: Clock, readonly key: BucketKey) {}

  /** True once a write has shown whether the bucket exists. */
  get seen(): boolean {
    return this.state !== undefined;
  }

  /**
   * Takes from what is stored, without knowing the limits that apply. 1 call.
   *
   * Undefined when the bucket is missing or too short as it is: `take` decides with the limits.
   */
  async takeBlindly(amounts: Amounts): Promise<BucketState | undefined> {
    const outcome = await this.open(() => this.write(takeUpdate(this.key, { kind: 'take', amounts })));
    return outcome?.applied ? outcome.state ?? undefined : undefined;
  }

  /** Takes all amounts or none. 1 call when the bucket is remembered as it is, 1 more for each time that it is not. */
  async take(amounts: Amounts, context: BucketContext): Promise<TakeOutcome> {
    let { target } = context;
    let state = this.state;
    let current = false; // whether `state` was written or returned during this request
    let revalidated = false;
    for (let round = 0; round <= MAX_ROUNDS;) {
      const now = this.clock.now();
      if (!revalidated && state && parametersDiffer(state, target)) {
        target = await context.revalidate();
        revalidated = true;
        continue;
      }
      const chosen = this.choose(state, target, amounts, now, current, round);
      if (chosen.kind === 'deny') return { state: state ?? null, shard: this.key.shard, now, verdict: 'short', target };

      const creates = !exists(state);
      const outcome = creates ? await this.open(() => this.send(chosen, context)) : await this.send(chosen, context);
      if (outcome === undefined) { // somebody else of this process was opening the bucket
        state = this.state;
        continue;
      }
      if (outcome.applied) return { state: outcome.state, shard: this.key.shard, now, verdict: 'admitted', target };
      state = outcome.state;
      current = true;
      round++;
    }
    if (!exists(state)) throw new LimiterUnavailableError('the bucket was deleted again and again while it was written', true);
    return { state: state!, shard: this.key.shard, now: this.clock.now(), verdict: 'contended', target };
  }

  /**
   * Moves tokens without asking whether there are enough: positive amounts are taken, negative ones given back. 1 call.
   *
   * False when the bucket is gone, and with it what there was to settle.
   */
  async settle(amounts: Amounts): Promise<boolean> {
    return (await this.write(settleUpdate(this.key, amounts))).applied;
  }

  private choose(state: BucketState | null | undefined, target: BucketTarget, amounts: Amounts, now: number, current: boolean, round: number): Plan {
    const take: TakePlan = { kind: 'take', amounts };
    if (round === MAX_ROUNDS && exists(state)) return take; // the lock was lost each time; this needs none
    const chosen = plan(state, target, amounts, now, this.key.shard);
    // A remembered bucket may have been given tokens since: only the bucket itself can say no.
    return chosen.kind === 'deny' && !current && exists(state) ? take : chosen;
  }

  private async send(chosen: Exclude<Plan, { kind: 'deny' }>, context: BucketContext): Promise<WriteOutcome> {
    switch (chosen.kind) {
      case 'take': return this.write(takeUpdate(this.key, chosen));
      case 'refill': return this.write(refillUpdate(this.key, chosen));
      case 'create': return this.write(createUpdate(this.key, chosen, await context.lineage()));
    }
  }

  /** Lets one caller find out whether the bucket exists, or create it; the others wait and get undefined. */
  private async open<T>(write: () => Promise<T>): Promise<T | undefined> {
    if (this.opening !== undefined) {
      await this.opening.catch(() => undefined); // its own caller gets the error
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
    const state = item === undefined ? null : parseBucket(item);
    this.state = state;
    return { applied, state };
  }
}

interface WriteOutcome {
  readonly applied: boolean;
  readonly state: BucketState | null;
}

/** False for a bucket that is missing, damaged or was never seen: the next write creates it or finds out. */
function exists(state: BucketState | null | undefined): boolean {
  return state != null && state.refilledAt !== undefined;
}
