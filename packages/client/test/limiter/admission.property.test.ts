import { Limit, MemoryStore, RateLimiter, type Lease } from '@zae-limiter/client';
import fc from 'fast-check';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { FakeClock } from '@zae-limiter/client/testing';

const NS = 'ns1';
const KEY = { pk: pk.bucket({ namespaceId: NS, entity: 'user-1', resource: 'api', shard: 0 }), sk: SK.bucket };

/** Several processes on one bucket: each has its own memory, and a clock that may be off. */
function processes(limits: readonly Limit[], skews: readonly number[]) {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const limiters = skews.map((skew) =>
    new RateLimiter({ store, namespaceId: NS, clock: clock.skewed(skew), denyTtlMs: 0 }));
  const take = async (process: number, amounts: Record<string, number>): Promise<Lease | undefined> => {
    const decision = await limiters[process % limiters.length]!.tryAcquire({ entity: 'user-1', resource: 'api', consume: amounts, limits });
    return decision.allowed ? decision.lease : undefined;
  };
  const bucket = async () => {
    const item = await store.get(KEY);
    return item && parseBucket(item);
  };
  return { clock, take, bucket };
}

const limit = fc.record({
  capacity: fc.integer({ min: 1, max: 200 }), refillAmount: fc.integer({ min: 1, max: 200 }), refillPeriodSeconds: fc.integer({ min: 1, max: 100 }),
});
const amount = fc.integer({ min: 1, max: 60 });
const step = fc.record({
  /** Requests that are made at the same time, each by one of the processes. */
  requests: fc.array(fc.record({ process: fc.nat(2), amount, settle: fc.constantFrom('keep', 'rollback', 'less') }), { maxLength: 6 }),
  wait: fc.integer({ min: 0, max: 20_000 }),
});

describe('whatever several processes do on one bucket', () => {
  test('what is admitted never exceeds capacity and refill, and no balance goes below zero or above capacity', async () => {
    await fc.assert(fc.asyncProperty(limit, fc.array(step, { maxLength: 12 }), async (rule, steps) => {
      const { clock, take, bucket } = processes([Limit.custom('l', rule)], [0, 0, 0]);
      const start = clock.now();
      let admitted = 0;
      for (const { requests, wait } of steps) {
        const leases = await Promise.all(requests.map((request) => take(request.process, { l: request.amount })));
        leases.forEach((lease, at) => { if (lease !== undefined) admitted += requests[at]!.amount; });
        const stored = (await bucket())?.limits.get('l');
        if (stored !== undefined) {
          expect(stored.tokens).toBeGreaterThanOrEqual(0);
          expect(stored.tokens).toBeLessThanOrEqual(rule.capacity * 1000);
        }
        clock.advance(wait);
      }
      const due = Math.ceil(((clock.now() - start) * rule.refillAmount) / (rule.refillPeriodSeconds * 1000));
      expect(admitted).toBeLessThanOrEqual(rule.capacity + due);
    }), { numRuns: 1000 });
  });

  test('the counters say what was consumed, net of what was given back, whatever was refused', async () => {
    await fc.assert(fc.asyncProperty(limit, limit, fc.array(step, { maxLength: 12 }), async (first, second, steps) => {
      const { clock, take, bucket } = processes([Limit.custom('a', first), Limit.custom('b', second)], [0, 0, 0]);
      const consumed = { a: 0, b: 0 };
      for (const { requests, wait } of steps) {
        await Promise.all(requests.map(async ({ process, amount: tokens, settle }) => {
          const lease = await take(process, { a: tokens, b: 1 });
          if (lease === undefined) return;
          if (settle === 'less') lease.set({ a: tokens - 1 });
          if (settle === 'rollback') await lease.rollback();
          else await lease.commit();
          consumed.a += settle === 'keep' ? tokens : settle === 'less' ? tokens - 1 : 0;
          consumed.b += settle === 'rollback' ? 0 : 1;
        }));
        clock.advance(wait);
      }
      const stored = await bucket();
      expect([stored?.limits.get('a')!.totalConsumed ?? 0, stored?.limits.get('b')!.totalConsumed ?? 0]).toEqual([consumed.a * 1000, consumed.b * 1000]);
    }), { numRuns: 1000 });
  });

  test('W8: clocks that are off add no more than their largest skew, once', async () => {
    const skew = fc.integer({ min: -50, max: 50 });
    await fc.assert(fc.asyncProperty(fc.tuple(skew, skew, skew), fc.array(step, { minLength: 5, maxLength: 25 }), async (skews, steps) => {
      const { clock, take } = processes([Limit.perSecond('l', 100)], skews);
      const start = clock.now();
      let admitted = 0;
      for (const { requests, wait } of steps) {
        const leases = await Promise.all(requests.map((request) => take(request.process, { l: request.amount })));
        leases.forEach((lease, at) => { if (lease !== undefined) admitted += requests[at]!.amount; });
        clock.advance(wait % 300);
      }
      const spread = Math.max(...skews) - Math.min(...skews);
      expect(admitted).toBeLessThanOrEqual(100 + Math.ceil((clock.now() - start + spread) / 10));
    }), { numRuns: 500 });
  });
});
