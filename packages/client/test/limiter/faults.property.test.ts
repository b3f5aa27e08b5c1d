import { Limit } from '@zae-limiter/client';
import fc from 'fast-check';
import type { Fault } from '@zae-limiter/client/testing';
import { Simulation } from '../support/simulation';

describe('whatever goes wrong with the calls of two processes', () => {
  const fault = fc.constantFrom<Fault | undefined>(undefined, undefined, 'throttled', 'conflict', 'lost', 'unanswered', 'down');
  const step = fc.record({
    process: fc.nat(1), amount: fc.integer({ min: 1, max: 60 }), faults: fc.array(fault, { maxLength: 6 }), settle: fc.constantFrom('keep', 'rollback'),
    concurrent: fc.boolean(),
  });

  test('nothing is admitted beyond the capacity, no balance leaves its bounds, and nothing is minted', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const simulation = new Simulation();
      const processes = [simulation.process({ breaker: false }), simulation.process({ breaker: false })];
      const rule = [Limit.custom('l', { capacity: 100, refillAmount: 1, refillPeriodSeconds: 1_000_000 })];
      let held = 0;
      let underWay: Promise<void>[] = [];
      for (const { process, amount, faults, settle, concurrent } of steps) {
        const { limiter, store } = processes[process]!;
        store.fault = () => faults.shift();
        underWay.push((async () => {
          const decision = await limiter.tryAcquire({ entity: 'user-1', resource: 'api', consume: { l: amount }, limits: rule });
          if (!decision.allowed) return;
          held += amount;
          if (settle === 'rollback') await decision.lease.settle('rollback');
          // A refund that was told to have failed may have been done all the same: then the tokens are free again.
          if (settle === 'rollback') held -= amount;
        })());
        if (concurrent) continue;
        await simulation.run(Promise.all(underWay));
        underWay = [];
        const tokens = (await simulation.bucket('user-1', 'api'))?.limits.get('l')?.tokens ?? 100_000;
        expect(tokens).toBeGreaterThanOrEqual(0);
        expect(tokens / 1000 + held).toBeLessThanOrEqual(100 + 1);
      }
      await simulation.run(Promise.all(underWay));
      const tokens = (await simulation.bucket('user-1', 'api'))?.limits.get('l')?.tokens ?? 100_000;
      expect(tokens / 1000 + held).toBeLessThanOrEqual(100 + 1);
    }), { numRuns: 1500 });
  });
});
