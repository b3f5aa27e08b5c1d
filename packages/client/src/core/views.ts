import type { Amounts, BucketState, BucketTarget, TargetLimit } from './bucket.js';
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

/**
 * `contended`: tokens were due, but others credited and took them each time. `scattered`: there are enough over all shards
 * of the bucket, but others took them while they were gathered.
 */
export type Verdict = 'admitted' | 'short' | 'contended' | 'scattered';

/** How every limit of the target stood when a request for `amounts` was decided. Counts refill as `plan` does. */
export function viewLimits(subject: Subject, target: BucketTarget, amounts: Amounts, standing: Standing): LimitView[] {
  return [...target.limits].map(([name, wanted]) => {
    const { bucket, refilledAt } = bucketOf(name, wanted, standing);
    return view(subject, name, bucket, refilledAt, standing.now, amounts.get(name) ?? 0, standing.verdict);
  });
}

function view(
  { entity, resource, source }: Subject, name: string, bucket: TokenBucket, refilledAt: number, now: number, amount: number, verdict: Verdict,
): LimitView {
  const available = Math.min(refill(bucket, refilledAt, now), bucket.capacity);
  const tokens = verdict === 'contended' ? Math.min(bucket.tokens, available) : available;
  const exceeded = amount > 0 && (verdict === 'scattered' || (verdict !== 'admitted' && tokens < amount));
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

/** Like `viewLimits`, over all shards of a bucket: capacities, rates and balances add up. */
export function viewShards(subject: Subject, target: BucketTarget, amounts: Amounts, shards: readonly Standing[]): LimitView[] {
  const [first] = shards as readonly [Standing];
  if (shards.length === 1) return viewLimits(subject, target, amounts, first);
  const { now, verdict } = first;
  return [...target.limits].map(([name, wanted]) => {
    const parts = shards.map((standing) => bucketOf(name, wanted, standing));
    const sum = (of: (bucket: TokenBucket) => number): number => parts.reduce((total, { bucket }) => total + of(bucket), 0);
    const total: TokenBucket = {
      tokens: parts.reduce((tokens, { bucket, refilledAt }) => tokens + Math.min(refill(bucket, refilledAt, now), bucket.capacity), 0),
      capacity: sum(({ capacity }) => capacity),
      refillAmount: sum(({ refillAmount }) => refillAmount),
      refillPeriodMs: wanted.refillPeriodMs,
    };
    return view(subject, name, total, now, now, amounts.get(name) ?? 0, verdict);
  });
}

function bucketOf(name: string, wanted: TargetLimit, { state, place, now }: Standing): { bucket: TokenBucket; refilledAt: number } {
  const shardCount = Math.max(place.count, state?.shardCount ?? 1);
  const full = state !== null || place.index === 0 ? wanted.capacity : 0; // a further shard that is not there holds nothing
  const tokens = state?.limits.get(name)?.tokens ?? share(full, place.index, shardCount);
  return { bucket: shareOf({ ...wanted, tokens }, place.index, shardCount), refilledAt: state?.refilledAt ?? now };
}
