import type { Amounts, BucketState, BucketTarget, StoredLimit, TargetLimit } from './bucket.js';
import { WCU_LIMIT } from './identifiers.js';
import { refill, share, timeUntil, type TokenBucket } from './token-bucket.js';

/**
 * What to write to a bucket so that a request is admitted exactly when it fits. Pure: the same state, target, amounts
 * and clock give the same plan. Every plan is one conditional update; none reads.
 */
export type Plan = TakePlan | RefillPlan | CreatePlan | DenyPlan;

/** Take from what is stored. Holds whatever other writers do meanwhile; credits nothing. */
export interface TakePlan {
  readonly kind: 'take';
  readonly amounts: Amounts;
  /**
   * Earliest refill time at which this may be done without knowing the bucket: what an idle bucket stores is not what it
   * has, and spending it before its credit is booked would let its next refill fill it once more.
   */
  readonly refilledSince: number | undefined;
}

/** Credit what is due, take, and correct the bucket's parameters. Holds only while nobody else refilled. */
export interface RefillPlan {
  readonly kind: 'refill';
  /** The lock: the time that the state was credited up to. */
  readonly refilledAt: number;
  readonly now: number;
  /** Every usable limit of the bucket: moving the refill time without crediting a limit would lose its credit. */
  readonly limits: readonly LimitRefill[];
  /** New value of the expiry, `never` to remove it, undefined to leave it. */
  readonly expiresAt: number | 'never' | undefined;
  readonly leaveResourceIndex: boolean;
  /** Limits of the bucket that are broken and not wanted: their attributes go. */
  readonly discard: readonly string[];
}

/** One limit's part of a refill. */
export interface LimitRefill {
  readonly name: string;
  readonly amount: number;
  /** Parameters to write because they differ from the target; undefined when they agree. */
  readonly parameters: TargetLimit | undefined;
  readonly tokens:
    /** Not in the bucket: write this balance if it still is not. */
    | { readonly start: number }
    /** In the bucket and unreadable: write this balance and counter. */
    | { readonly replace: number; readonly totalConsumed: number }
    /** Add `gain`. The result must not be taken from a balance below `atLeast`, nor be above one of `atMost`. */
    | { readonly gain: number; readonly atLeast: number | undefined; readonly atMost: number }
    /** Add `gain` to exactly this balance: the bucket is full, so a token taken meanwhile must not lose its credit. */
    | { readonly gain: number; readonly exactly: number };
}

/** Write the whole bucket, if there is none. Also replaces a damaged item that has no refill time. */
export interface CreatePlan {
  readonly kind: 'create';
  readonly now: number;
  readonly shardCount: number;
  readonly limits: readonly { readonly name: string; readonly amount: number; readonly tokens: number; readonly parameters: TargetLimit }[];
  readonly expiresAt: number | undefined;
  /** Limits that a damaged item left behind and that are not wanted: their attributes go. */
  readonly discard: readonly string[];
  /** False for a further shard, which starts empty: it has to be there to refill, but the request does not fit. */
  readonly admits: boolean;
}

/** Nothing to write: the state is short. */
export interface DenyPlan {
  readonly kind: 'deny';
}

/** A bucket's place among the shards of its entity and resource. */
export interface ShardPlace {
  readonly index: number;
  /** As far as it is known; the bucket itself may say more. */
  readonly count: number;
}

/**
 * Credit that a full bucket may lose before a take has to record the loss, as a part of capacity.
 * Without it every request to a nearly full bucket would contend for the lock; with it a burst is at most 1 % larger.
 */
const FULL_SLACK_DIVISOR = 100;

/** Credit that a take from an unknown bucket may leave unbooked: the refill of this many milliseconds. */
const BLIND_SLACK_MS = 1000;

/**
 * Chooses the write for a request. Every amount must belong to a limit of the target.
 *
 * @param state undefined when the bucket was never seen, null when it is known not to exist
 */
export function plan(state: BucketState | null | undefined, target: BucketTarget, amounts: Amounts, now: number, place: ShardPlace): Plan {
  if (state === undefined) return takeUnseen(amounts, now);
  if (state === null || state.refilledAt === undefined) return create(state, target, amounts, now, place);

  const { refilledAt } = state;
  const shard = { index: place.index, count: Math.max(place.count, state.shardCount) };
  let stale = expiryIsDue(state, target, now);
  const limits: LimitRefill[] = [];
  for (const [name, wanted] of target.limits) {
    const amount = amounts.get(name) ?? 0;
    const stored = state.limits.get(name);
    const balance = balanceOf(stored, wanted, refilledAt, now, shard);
    if (amount > 0 && balance.available < amount) return { kind: 'deny' };
    const parameters = isUsable(stored) && sameParameters(stored, wanted) ? undefined : wanted;
    stale ||= parameters !== undefined || !stored!.exact || (amount > 0 && stored!.tokens < amount) || balance.overfull;
    limits.push({ name, amount, parameters, tokens: change(stored, balance, amount) });
  }
  if (!stale) return { kind: 'take', amounts, refilledSince: undefined };
  return {
    kind: 'refill',
    refilledAt,
    now: Math.max(refilledAt, now),
    limits: [...limits, ...bystanders(state, target, refilledAt, now, shard)],
    expiresAt: expiry(target, now),
    leaveResourceIndex: state.indexedByResource,
    discard: broken(state, target),
  };
}

/** A take from a bucket that nobody here has seen, in the hope that it is in use. */
export function takeUnseen(amounts: Amounts, now: number): TakePlan {
  return { kind: 'take', amounts, refilledSince: now - BLIND_SLACK_MS };
}

interface Balance {
  /** Millitokens that a request may have: stored ones and those that are due, up to the capacity. */
  readonly available: number;
  readonly capacity: number;
  /** True when credit was cut. */
  readonly full: boolean;
  /** True when more was cut than may stay unrecorded. */
  readonly overfull: boolean;
}

/** A limit as a request finds it. A missing or unusable one counts as full: it will be written so. */
function balanceOf(stored: StoredLimit | undefined, wanted: TargetLimit, refilledAt: number, now: number, shard: ShardPlace): Balance {
  const { capacity, ...rate } = shareOf({ ...wanted, tokens: stored?.tokens ?? 0 }, shard.index, shard.count);
  if (!isUsable(stored)) return { available: capacity, capacity, full: false, overfull: false };
  const uncut = refill({ ...rate, capacity: Number.MAX_SAFE_INTEGER }, refilledAt, now);
  return {
    available: Math.min(uncut, capacity),
    capacity,
    full: uncut > capacity,
    overfull: stored.tokens > capacity || uncut - capacity > capacity / FULL_SLACK_DIVISOR,
  };
}

function change(stored: StoredLimit | undefined, { available, capacity, full }: Balance, amount: number): LimitRefill['tokens'] {
  if (stored === undefined) return { start: available - amount };
  if (!isUsable(stored) || !stored.exact) return { replace: available - amount, totalConsumed: (stored.totalConsumed ?? 0) + amount };
  const gain = available - stored.tokens;
  if (full) return { gain, exactly: stored.tokens };
  return { gain, atLeast: amount > 0 ? amount - gain : undefined, atMost: capacity - gain };
}

/** Limits of the bucket that this request knows nothing of: they are credited by the parameters that they carry (W11). */
function bystanders(state: BucketState, target: BucketTarget, refilledAt: number, now: number, shard: ShardPlace): LimitRefill[] {
  return applicationLimits(state)
    .filter(([name, stored]) => !target.limits.has(name) && isUsable(stored))
    .map(([name, stored]) => ({
      name, amount: 0, parameters: undefined, tokens: change(stored, balanceOf(stored, stored, refilledAt, now, shard), 0),
    }));
}

/** Credits every limit of a bucket what is due by the parameters that it carries, and takes nothing. Undefined when no time has passed. */
export function topUp(state: BucketState, now: number, index: number): RefillPlan | undefined {
  const { refilledAt, shardCount } = state;
  if (refilledAt === undefined || now <= refilledAt) return undefined;
  const limits = bystanders(state, { limits: new Map(), ttl: 'keep' }, refilledAt, now, { index, count: shardCount });
  return { kind: 'refill', refilledAt, now, limits, expiresAt: undefined, leaveResourceIndex: false, discard: [] };
}

function create(state: BucketState | null, target: BucketTarget, amounts: Amounts, now: number, { index, count }: ShardPlace): Plan {
  const shardCount = Math.max(count, state?.shardCount ?? 1);
  // A further shard starts empty: its tokens are still in the older ones.
  const tokens = ({ capacity }: TargetLimit): number => (index === 0 ? share(capacity, index, shardCount) : 0);
  const fits = [...target.limits].every(([name, limit]) => (amounts.get(name) ?? 0) <= tokens(limit));
  if (!fits && index === 0) return { kind: 'deny' };
  const limits = [...target.limits].map(([name, parameters]) => {
    const amount = fits ? amounts.get(name) ?? 0 : 0;
    return { name, amount, tokens: tokens(parameters) - amount, parameters };
  });
  const expiresAt = expiry(target, now);
  return {
    kind: 'create', now, shardCount, limits, admits: fits,
    expiresAt: expiresAt === 'never' ? undefined : expiresAt, discard: state === null ? [] : broken(state, target),
  };
}

/** A limit whose parameters cannot refill is as good as missing: an older defect left such limits behind. */
function isUsable(stored: StoredLimit | undefined): stored is StoredLimit {
  return stored !== undefined && stored.capacity > 0 && stored.refillAmount > 0 && stored.refillPeriodMs > 0;
}

function broken(state: BucketState, target: BucketTarget): string[] {
  return applicationLimits(state)
    .filter(([name, stored]) => !target.limits.has(name) && !isUsable(stored))
    .map(([name]) => name);
}

function expiryIsDue({ expiresAt }: BucketState, { ttl }: BucketTarget, now: number): boolean {
  if (expiresAt === undefined || ttl === 'keep') return false;
  return ttl === 'never' || expiresAt - now / 1000 < ttl.seconds / 3;
}

function expiry({ ttl }: BucketTarget, now: number): number | 'never' | undefined {
  if (ttl === 'keep') return undefined;
  return ttl === 'never' ? ttl : Math.floor(now / 1000) + ttl.seconds;
}

/**
 * Expiry, in epoch seconds, that a correction must set so that the bucket outlives the debt that it leaves: an expired
 * bucket comes back full. Undefined when the present one is late enough.
 */
export function expiryForDebt(
  { refilledAt, limits, expiresAt, shardCount }: BucketState, amounts: Amounts, now: number, shard: number,
): number | undefined {
  if (expiresAt === undefined || refilledAt === undefined) return undefined;
  const paidAfter = [...amounts].map(([name, amount]) => {
    const stored = limits.get(name);
    if (!isUsable(stored) || stored.tokens >= amount) return 0;
    const bucket = shareOf({ ...stored, tokens: stored.tokens - amount }, shard, shardCount);
    return timeUntil(bucket, refilledAt, now, bucket.capacity) ?? 0;
  });
  const paidAt = Math.ceil((now + Math.max(...paidAfter, 0)) / 1000);
  return paidAt > expiresAt ? paidAt : undefined;
}

/** True when the bucket's totals are the target's. */
function sameParameters(a: TargetLimit, b: TargetLimit): boolean {
  return a.capacity === b.capacity && a.refillAmount === b.refillAmount && a.refillPeriodMs === b.refillPeriodMs;
}

/** True when a limit of the target is in the bucket with other parameters. A limit that is missing does not count. */
export function parametersDiffer(state: BucketState, target: BucketTarget): boolean {
  return [...target.limits].some(([name, wanted]) => {
    const stored = state.limits.get(name);
    return isUsable(stored) && !sameParameters(stored, wanted);
  });
}

/** The target with the parameters that the bucket carries, for limits that it has. */
export function adoptParameters(state: BucketState, target: BucketTarget): BucketTarget {
  const limits = [...target.limits].map(([name, wanted]): [string, TargetLimit] => {
    const stored = state.limits.get(name);
    return [name, isUsable(stored) ? stored : wanted];
  });
  return { ...target, limits: new Map(limits) };
}

/** What one shard holds of a limit: capacity and refill are divided, the balance is its own. */
export function shareOf(limit: TokenBucket, shard: number, shardCount: number): TokenBucket {
  return {
    tokens: limit.tokens,
    capacity: share(limit.capacity, shard, shardCount),
    refillAmount: share(limit.refillAmount, shard, shardCount),
    refillPeriodMs: limit.refillPeriodMs,
  };
}

/** The application's limits of a bucket, without the internal one. */
export function applicationLimits(state: BucketState): [name: string, limit: StoredLimit][] {
  return [...state.limits].filter(([name]) => name !== WCU_LIMIT);
}
