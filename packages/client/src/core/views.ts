import type { Amounts, BucketState, BucketTarget } from './bucket.js';
import type { LimitSource, LimitView } from './limit-view.js';
import { shareOf, type ShardPlace } from './plan.js';
import { MILLI, refill, share, timeUntil, wholeTokens, type TokenBucket } from './token-bucket.js';

/** What a view is of. */
export interface Subject {
  readonly entity: string;
  readonly resource: string;
  readonly source: LimitSource;
}

/** A bucket as it stood when a request was decided. */
export interface Standing {
  /** After the request when it was admitted; null when there is no bucket, so that all limits are full. */
  readonly state: BucketState | null;
  readonly place: ShardPlace;
  readonly now: number;
  readonly verdict: Verdict;
}

/** `contended`: tokens were due, but others credited and took them each time. */
export type Verdict = 'admitted' | 'short' | 'contended';

/** How every limit of the target stood when a request for `amounts` was decided. Counts refill as `plan` does. */
export function viewLimits(subject: Subject, target: BucketTarget, amounts: Amounts, { state, place, now, verdict }: Standing): LimitView[] {
  const shardCount = Math.max(place.count, state?.shardCount ?? 1);
  const refilledAt = state?.refilledAt ?? now;
  return [...target.limits].map(([name, wanted]) => {
    const full = state !== null || place.index === 0 ? wanted.capacity : 0; // a further shard that is not there holds nothing
    const tokens = state?.limits.get(name)?.tokens ?? share(full, place.index, shardCount);
    return view(subject, name, shareOf({ ...wanted, tokens }, place.index, shardCount), refilledAt, now, amounts.get(name) ?? 0, verdict);
  });
}

function view(
  { entity, resource, source }: Subject, name: string, bucket: TokenBucket, refilledAt: number, now: number, amount: number, verdict: Verdict,
): LimitView {
  const available = Math.min(refill(bucket, refilledAt, now), bucket.capacity);
  const tokens = verdict === 'contended' ? Math.min(bucket.tokens, available) : available;
  const exceeded = verdict !== 'admitted' && amount > 0 && tokens < amount;
  const wait = exceeded ? timeUntil(bucket, refilledAt, now, amount) : 0;
  return {
    name, entity, resource, source, exceeded,
    capacity: wholeTokens(bucket.capacity),
    refill: { amount: bucket.refillAmount / MILLI, periodMs: bucket.refillPeriodMs },
    remaining: wholeTokens(available),
    requested: amount / MILLI,
    retryAfterMs: exceeded && wait === 0 ? 1 : wait,
    resetMs: timeUntil(bucket, refilledAt, now, bucket.capacity) ?? Infinity,
  };
}

/** Millitokens by limit name that a bucket could give when it stood so. A limit that it lacks gives nothing yet. */
export function availableTokens(state: BucketState | null, target: BucketTarget, { place, now, verdict }: Omit<Standing, 'state'>): Map<string, number> {
  const available = new Map<string, number>();
  for (const [name, wanted] of target.limits) {
    const stored = state?.limits.get(name);
    if (stored === undefined) continue;
    const bucket = shareOf({ ...wanted, tokens: stored.tokens }, place.index, Math.max(place.count, state!.shardCount));
    const tokens = verdict === 'contended' ? bucket.tokens : refill(bucket, state!.refilledAt ?? now, now);
    available.set(name, Math.min(tokens, bucket.capacity));
  }
  return available;
}

/** The views of all shards of a bucket as one: capacities and balances add up. */
export function sumViews(shards: readonly (readonly LimitView[])[]): LimitView[] {
  const [first, ...others] = shards;
  return first!.map((one, at) => others.reduce((sum, { [at]: other }) => ({
    ...sum,
    capacity: sum.capacity + other!.capacity,
    refill: { ...sum.refill, amount: sum.refill.amount + other!.refill.amount },
    remaining: sum.remaining + other!.remaining,
    resetMs: Math.max(sum.resetMs, other!.resetMs),
  }), one));
}
