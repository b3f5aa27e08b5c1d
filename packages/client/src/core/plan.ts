import type { Amounts, BucketState, BucketTarget, StoredLimit, TargetLimit } from './bucket.js';
import { WCU_LIMIT } from './identifiers.js';
import { refill, share, type TokenBucket } from './token-bucket.js';

/**
 * What to write to a bucket so that a request is admitted exactly when it fits. Pure: the same state, target, amounts
 * and clock give the same plan. Every plan is one conditional update; none reads.
 */
export type Plan = TakePlan | RefillPlan | CreatePlan | DenyPlan;

/** Take from what is stored. Holds whatever other writers do meanwhile; credits nothing. */
export interface TakePlan {
  readonly kind: 'take';
  readonly amounts: Amounts;
}

/** Credit what is due, take, and correct the bucket's parameters. Holds only while nobody else refilled. */
export interface RefillPlan {
  readonly kind: 'refill';
  /** The lock: the time that the state was credited up to. */
  readonly refilledAt: number;
  readonly now: number;
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
    /** Not in the bucket, or unusable with the balance `replacing`: write this balance if that is still so. */
    | { readonly start: number; readonly replacing: number | undefined }
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
}

/** Nothing to write: the state is short. */
export interface DenyPlan {
  readonly kind: 'deny';
}

/**
 * Credit that a full bucket may lose before a take has to record the loss, as a part of capacity.
 * Without it every request to a nearly full bucket would contend for the lock; with it a burst is at most 1 % larger.
 */
const FULL_SLACK_DIVISOR = 100;

/**
 * Chooses the write for a request.
 *
 * @param state undefined when the bucket was never seen, null when it is known not to exist
 * @param shard this bucket's place among its entity's shards
 */
export function plan(
  state: BucketState | null | undefined, target: BucketTarget, amounts: Amounts, now: number, shard: number,
): Plan {
  if (state === undefined) return { kind: 'take', amounts };
  if (state === null || state.refilledAt === undefined) return create(state, target, amounts, now, shard);

  const refilledAt = state.refilledAt;
  let stale = expiryIsDue(state, target, now);
  const limits: LimitRefill[] = [];
  for (const [name, wanted] of target.limits) {
    const amount = amounts.get(name) ?? 0;
    const stored = usable(state.limits.get(name));
    if (stored === undefined) {
      const capacity = share(wanted.capacity, shard, state.shardCount);
      if (amount > capacity) return { kind: 'deny' };
      limits.push({ name, amount, parameters: wanted, tokens: { start: capacity - amount, replacing: state.limits.get(name)?.tokens } });
      stale = true;
      continue;
    }
    const parameters = sameParameters(stored, wanted) ? undefined : wanted;
    const capacity = share(wanted.capacity, shard, state.shardCount);
    const uncapped = refill({ ...shareOf(stored, shard, state.shardCount), capacity: Number.MAX_SAFE_INTEGER }, refilledAt, now);
    const filled = Math.min(uncapped, capacity);
    if (amount > 0 && filled < amount) return { kind: 'deny' };
    const short = amount > 0 && stored.tokens < amount;
    const overfull = stored.tokens > capacity || uncapped - capacity > capacity / FULL_SLACK_DIVISOR;
    stale ||= parameters !== undefined || short || overfull;
    limits.push({ name, amount, parameters, tokens: gainOf(stored.tokens, filled, uncapped > capacity, amount, capacity) });
  }
  if (!stale) return { kind: 'take', amounts };
  return {
    kind: 'refill', refilledAt, now: Math.max(refilledAt, now), limits,
    expiresAt: expiry(target, now), leaveResourceIndex: state.indexedByResource,
    discard: broken(state, target),
  };
}

function create(state: BucketState | null, target: BucketTarget, amounts: Amounts, now: number, shard: number): Plan {
  const shardCount = state?.shardCount ?? 1;
  const limits: CreatePlan['limits'][number][] = [];
  for (const [name, parameters] of target.limits) {
    const amount = amounts.get(name) ?? 0;
    // A further shard starts empty: its tokens are still in the older ones.
    const tokens = shard === 0 ? share(parameters.capacity, shard, shardCount) : 0;
    if (amount > tokens) return { kind: 'deny' };
    limits.push({ name, amount, tokens: tokens - amount, parameters });
  }
  const expiresAt = expiry(target, now);
  return { kind: 'create', now, shardCount, limits, expiresAt: expiresAt === 'never' ? undefined : expiresAt, discard: state === null ? [] : broken(state, target) };
}

/** A limit whose parameters cannot refill is as good as missing: an older defect left such limits behind. */
function usable(stored: StoredLimit | undefined): StoredLimit | undefined {
  return stored !== undefined && stored.capacity > 0 && stored.refillAmount > 0 && stored.refillPeriodMs > 0 ? stored : undefined;
}

function broken(state: BucketState, target: BucketTarget): string[] {
  return applicationLimits(state)
    .filter(([name, stored]) => !target.limits.has(name) && usable(stored) === undefined)
    .map(([name]) => name);
}

function gainOf(tokens: number, filled: number, full: boolean, amount: number, capacity: number): LimitRefill['tokens'] {
  const gain = filled - tokens;
  if (full) return { gain, exactly: tokens };
  return { gain, atLeast: amount > 0 ? amount - gain : undefined, atMost: capacity - gain };
}

function expiryIsDue({ expiresAt }: BucketState, { ttl }: BucketTarget, now: number): boolean {
  if (expiresAt === undefined || ttl === 'keep') return false;
  return ttl === 'never' || expiresAt - now / 1000 < ttl.seconds / 3;
}

function expiry({ ttl }: BucketTarget, now: number): number | 'never' | undefined {
  if (ttl === 'keep') return undefined;
  return ttl === 'never' ? ttl : Math.floor(now / 1000) + ttl.seconds;
}

/** True when the bucket's totals are the target's. */
export function sameParameters(a: TargetLimit, b: TargetLimit): boolean {
  return a.capacity === b.capacity && a.refillAmount === b.refillAmount && a.refillPeriodMs === b.refillPeriodMs;
}

/** True when a limit of the target is in the bucket with other parameters. A limit that is missing does not count. */
export function parametersDiffer(state: BucketState, target: BucketTarget): boolean {
  for (const [name, wanted] of target.limits) {
    const stored = state.limits.get(name);
    if (stored !== undefined && !sameParameters(stored, wanted)) return true;
  }
  return false;
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
