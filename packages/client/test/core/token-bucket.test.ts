import fc from 'fast-check';
import { refill, share, timeUntil, wholeTokens, type TokenBucket } from '@zae-limiter/client/core/token-bucket';
import { vectors } from '../../../../test/support/vectors';
import { runs } from '../support/runs';

interface RefillInput {
  readonly tokens_milli: number;
  readonly last_refill_ms: number;
  readonly now_ms: number;
  readonly capacity_milli: number;
  readonly refill_amount_milli: number;
  readonly refill_period_ms: number;
}

const bucketOf = (input: Omit<RefillInput, 'now_ms'>): TokenBucket => ({
  tokens: input.tokens_milli,
  capacity: input.capacity_milli,
  refillAmount: input.refill_amount_milli,
  refillPeriodMs: input.refill_period_ms,
});

describe('refill', () => {
  type Expected = { readonly new_tokens_milli: number } | { readonly error: string };

  // The reference counts from the last refill, ours on a grid from the epoch. With the last refill moved onto the grid's
  // origin both count the same, so the balances must be equal.
  test.each(vectors<RefillInput, Expected>('refill'))('credits as the reference does from the origin of the grid: $title', ({ input, expected }) => {
    const balance = () => refill(bucketOf(input), 0, input.now_ms - input.last_refill_ms);

    if ('error' in expected) expect(balance).toThrow(RangeError);
    else expect(balance()).toBe(expected.new_tokens_milli);
  });

  test.each(vectors<RefillInput, Expected>('refill').filter(({ expected }) => !('error' in expected)))(
    'differs from the reference by at most one millitoken anywhere else on the grid: $title', ({ input, expected }) => {
      const balance = refill(bucketOf(input), input.last_refill_ms, input.now_ms);
      const { new_tokens_milli: reference } = expected as { new_tokens_milli: number };

      // One more millitoken may be due, and with it a balance above capacity is cut.
      const cut = Math.min(reference, input.capacity_milli);
      expect([reference, reference + 1, cut]).toContain(balance);
    });

  test.each(vectors<RefillInput, Exclude<Expected, { error: string }>>('aggregator').filter(({ kind }) => kind === 'refill_math'))(
    'credits as the reference\'s aggregator does from the origin of the grid: $title', ({ input, expected }) => {
      expect(refill(bucketOf(input), 0, input.now_ms - input.last_refill_ms)).toBe(expected.new_tokens_milli);
    });

  const anyBucket = fc.record({
    tokens: fc.integer({ min: -1e12, max: 1e12 }),
    capacity: fc.integer({ min: 1, max: 1e12 }),
    refillAmount: fc.integer({ min: 1, max: 1e12 }),
    refillPeriodMs: fc.integer({ min: 1, max: 1e10 }),
  });
  const anyTime = fc.integer({ min: 0, max: 4e12 });

  test('W9, W10: the credit of a time span does not depend on how the span is cut', () => {
    fc.assert(fc.property(anyBucket, anyTime, fc.array(fc.integer({ min: 0, max: 1e7 }), { maxLength: 20 }), (bucket, start, steps) => {
      const roomy = { ...bucket, capacity: Number.MAX_SAFE_INTEGER };
      let [tokens, at] = [bucket.tokens, start];
      for (const step of steps) {
        tokens = refill({ ...roomy, tokens }, at, at + step);
        at += step;
      }
      expect(tokens).toBe(refill(roomy, start, at));
    }), { numRuns: runs(2000) });
  });

  test('never fills above capacity, and never takes from a balance below it', () => {
    fc.assert(fc.property(anyBucket, anyTime, fc.integer({ min: 0, max: 1e10 }), (bucket, start, elapsed) => {
      const balance = refill(bucket, start, start + elapsed);
      expect(balance).toBeLessThanOrEqual(Math.max(bucket.capacity, bucket.tokens));
      expect(balance).toBeGreaterThanOrEqual(Math.min(bucket.tokens, bucket.capacity));
    }), { numRuns: runs(2000) });
  });

  test('W8: a clock behind the last refill credits nothing', () => {
    expect(refill({ tokens: 5, capacity: 100, refillAmount: 100, refillPeriodMs: 1 }, 1000, 999)).toBe(5);
  });
});

describe('timeUntil', () => {
  type Input = RefillInput & { readonly requested: number };
  type Expected = { readonly success: boolean; readonly new_tokens_milli: number; readonly available: number; readonly retry_after_seconds: number };

  test.each(vectors<Input, Expected>('try_consume'))('admits and reports what the reference does: $title', ({ input, expected }) => {
    const bucket = bucketOf(input);
    const now = input.now_ms - input.last_refill_ms;
    const amount = input.requested * 1000;
    const balance = refill(bucket, 0, now);

    expect(balance >= amount).toBe(expected.success);
    expect(balance - (expected.success ? amount : 0)).toBe(expected.new_tokens_milli);
    expect(wholeTokens(balance)).toBe(expected.available);
  });

  test.each(vectors<Input, Expected>('try_consume').filter(({ expected }) => !expected.success))(
    'W45: waits exactly as long as it must, which is never longer than the reference says: $title', ({ input, expected }) => {
      const bucket = bucketOf(input);
      const now = Math.max(0, input.now_ms - input.last_refill_ms);
      const amount = input.requested * 1000;
      const wait = timeUntil(bucket, 0, now, amount);

      if (amount > bucket.capacity) {
        expect(wait).toBeUndefined(); // the reference names a time at which it is refused again
      } else {
        expect(wait).toBeLessThanOrEqual(Math.round(expected.retry_after_seconds * 1000));
        expect(refill(bucket, 0, now + wait!)).toBeGreaterThanOrEqual(amount);
        expect(refill(bucket, 0, now + wait! - 1)).toBeLessThan(amount);
      }
    });

  interface DeficitInput { readonly deficit_milli: number; readonly refill_amount_milli: number; readonly refill_period_ms: number }

  test.each(vectors<DeficitInput, { readonly seconds: number } | { readonly error: string }>('retry_after'))(
    'is the time of the reference, or one millisecond less when the tokens are due on the millisecond: $title', ({ input, expected }) => {
      const { deficit_milli: deficit, refill_amount_milli: refillAmount, refill_period_ms: refillPeriodMs } = input;
      const bucket = { tokens: 0, capacity: Number.MAX_SAFE_INTEGER, refillAmount, refillPeriodMs };
      const wait = timeUntil(bucket, 0, 0, deficit);

      if ('error' in expected) {
        expect(wait).toBeUndefined(); // nothing refills: the reference divides by zero
      } else {
        const dueOnTheMillisecond = deficit > 0 && (BigInt(deficit) * BigInt(refillPeriodMs)) % BigInt(refillAmount) === 0n;
        expect(wait).toBe(Math.round(expected.seconds * 1000) - (dueOnTheMillisecond ? 1 : 0));
      }
    });

  test('is 0 when there are enough already', () => {
    expect(timeUntil({ tokens: 5, capacity: 10, refillAmount: 1, refillPeriodMs: 1000 }, 0, 0, 5)).toBe(0);
  });

  test('counts from now when the last refill lies in the future', () => {
    expect(timeUntil({ tokens: 0, capacity: 10, refillAmount: 1, refillPeriodMs: 10 }, 1000, 900, 1)).toBe(110);
  });
});

describe('share', () => {
  test('W15: the shares of all shards sum to the total and differ by at most one', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), fc.integer({ min: 1, max: 256 }), (total, count) => {
      const shares = Array.from({ length: count }, (_, index) => share(total, index, count));
      expect(shares.reduce((sum, part) => sum + part)).toBe(total);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }), { numRuns: runs(2000) });
  });
});
