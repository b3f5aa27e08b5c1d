import type { Amounts, BucketState, BucketTarget } from './bucket.js';
import type { LimitSource, LimitView } from './limit-view.js';
import { shareOf } from './plan.js';
import { MILLI, refill, timeUntil, wholeTokens, type TokenBucket } from './token-bucket.js';

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
  readonly shard: number;
  readonly now: number;
  readonly verdict: Verdict;
}

/** `contended`: tokens were due, but others credited and took them each time. */
export type Verdict = 'admitted' | 'short' | 'contended';

/** How every limit of the target stood when a request for `amounts` was decided. */
export function viewLimits(subject: Subject, target: BucketTarget, amounts: Amounts, { state, shard, now, verdict }: Standing): LimitView[] {
  const shardCount = state?.shardCount ?? 1;
  const refilledAt = state?.refilledAt ?? now;
  return [...target.limits].map(([name, wanted]) => {
    const tokens = state?.limits.get(name)?.tokens ?? wanted.capacity;
    return view(subject, name, shareOf({ ...wanted, tokens }, shard, shardCount), refilledAt, now, amounts.get(name) ?? 0, verdict);
  });
}

function view(
  { entity, resource, source }: Subject, name: string, bucket: TokenBucket, refilledAt: number, now: number, amount: number, verdict: Verdict,
): LimitView {
  const available = refill(bucket, refilledAt, now);
  const tokens = verdict === 'contended' ? Math.min(bucket.tokens, available) : available;
  const exceeded = verdict !== 'admitted' && amount > 0 && Math.min(tokens, bucket.capacity) < amount;
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
