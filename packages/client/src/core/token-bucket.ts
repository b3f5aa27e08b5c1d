/**
 * Token bucket arithmetic. Tokens are millitokens (one token = 1000) and times are milliseconds, all integers.
 *
 * Credit is counted on an absolute grid: `G(t) = ⌊t × amount ÷ period⌋` millitokens were due from the epoch up to `t`,
 * so crediting `G(now) − G(then)` telescopes. However often a bucket is touched, its total credit over any time is
 * exact to one millitoken, with no remainder to store and one clock for limits of any speed.
 *
 * Products are BigInt: milliseconds × millitokens leaves 2^53 within minutes.
 */

/** Millitokens in a token. */
export const MILLI = 1000;

/** One limit's share of a bucket. */
export interface TokenBucket {
  /** Millitokens now. Negative while in debt, above `capacity` after refunds. */
  readonly tokens: number;
  /** Most millitokens that refill fills up to. */
  readonly capacity: number;
  /** Millitokens that come back every period. */
  readonly refillAmount: number;
  /** Milliseconds in which `refillAmount` comes back. Positive. */
  readonly refillPeriodMs: number;
}

type Rate = Pick<TokenBucket, 'refillAmount' | 'refillPeriodMs'>;

/** G(t): millitokens due from the epoch up to `timeMs`. Times are not negative, so BigInt division is floor division. */
function dueUntil(timeMs: number, { refillAmount, refillPeriodMs }: Rate): bigint {
  return (BigInt(timeMs) * BigInt(refillAmount)) / BigInt(refillPeriodMs);
}

/** Millitokens due after `fromMs` and up to `toMs`; 0 when the clock stands still or runs backwards. */
function due(rate: Rate, fromMs: number, toMs: number): bigint {
  return toMs <= fromMs ? 0n : dueUntil(toMs, rate) - dueUntil(fromMs, rate);
}

/**
 * Balance at `nowMs` of a bucket whose credit was last booked at `refilledAtMs`.
 *
 * A balance above capacity is cut to it as soon as one millitoken is due, and left alone before.
 */
export function refill(bucket: TokenBucket, refilledAtMs: number, nowMs: number): number {
  const credit = due(bucket, refilledAtMs, nowMs);
  if (credit === 0n) return bucket.tokens;
  const filled = BigInt(bucket.tokens) + credit;
  return filled >= BigInt(bucket.capacity) ? bucket.capacity : Number(filled);
}

/**
 * Milliseconds from `nowMs` until the balance reaches `wanted`, exactly: one millisecond earlier it is still short.
 *
 * Undefined when it never does, because `wanted` is above capacity or nothing refills.
 */
export function timeUntil(bucket: TokenBucket, refilledAtMs: number, nowMs: number, wanted: number): number | undefined {
  if (refill(bucket, refilledAtMs, nowMs) >= wanted) return 0;
  if (wanted > bucket.capacity || bucket.refillAmount === 0) return undefined;
  const [amount, period] = [BigInt(bucket.refillAmount), BigInt(bucket.refillPeriodMs)];
  const reached = dueUntil(refilledAtMs, bucket) + BigInt(wanted - bucket.tokens);
  const at = (reached * period + amount - 1n) / amount; // first t with G(t) >= reached
  return Number(at) - nowMs;
}

/** The part of a total that shard `index` of `count` holds. The parts sum to the total exactly and differ by at most 1. */
export function share(total: number, index: number, count: number): number {
  if (count === 1) return total;
  const upTo = (shards: number): bigint => (BigInt(total) * BigInt(shards)) / BigInt(count);
  return Number(upTo(index + 1) - upTo(index));
}

/** Whole tokens of a millitoken amount, rounded towards minus infinity: −1 millitoken is −1 token. */
export function wholeTokens(millitokens: number): number {
  return Math.floor(millitokens / MILLI);
}
