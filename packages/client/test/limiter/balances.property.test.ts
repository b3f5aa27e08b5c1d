import { Limit } from '@zae-limiter/client';
import fc from 'fast-check';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import type { Fault } from '@zae-limiter/client/testing';
import { NAMESPACE, Simulation } from '../support/simulation';

const RESOURCE = 'api';
const limits = (capacity: number) => [Limit.custom('l', { capacity, refillAmount: capacity, refillPeriodSeconds: 60 })];

/** A child with its parent, each split into some shards that are there and full, or partly used. */
const family = fc.record({
  shards: fc.record({ child: fc.constantFrom(1, 2, 4), parent: fc.constantFrom(1, 2, 4) }),
  used: fc.array(fc.record({ who: fc.constantFrom('child', 'parent'), amount: fc.integer({ min: 1, max: 40 }) }), { maxLength: 4 }),
});

async function setUp({ shards, used }: { shards: Record<'child' | 'parent', number>; used: readonly { who: string; amount: number }[] }) {
  const simulation = new Simulation();
  await simulation.cascade('child', 'parent');
  const one = simulation.process({ denyTtlMs: 0, breaker: false }); // an open breaker refuses refunds, and says so: another test's matter
  await one.limiter.admin.limits.set(limits(100), { resource: RESOURCE });
  const take = (entity: string, amount: number) => simulation.run(one.limiter.tryAcquire({ entity, resource: RESOURCE, consume: { l: amount } }));
  await take('child', 1);
  for (const who of ['child', 'parent'] as const) {
    const key = { pk: pk.bucket({ namespaceId: NAMESPACE, entity: who, resource: RESOURCE, shard: 0 }), sk: SK.bucket };
    await simulation.table.update({ key, changes: new Map([['shard_count', { set: { N: String(shards[who]) } }]]), conditions: [] });
  }
  for (let at = 0; at < 8; at++) await take('child', 1); // learns of the shards, and creates them
  await take('parent', 90);
  simulation.clock.advance(120_000);
  for (const { who, amount } of used) await take(who, amount);
  /** Millitokens of every shard that is there. */
  const balances = async (): Promise<Record<string, number>> => Object.fromEntries((await Promise.all((['child', 'parent'] as const).flatMap((who) =>
    Array.from({ length: shards[who] }, async (_, shard): Promise<[string, number][]> => {
      const bucket = await simulation.bucket(who, RESOURCE, shard);
      return bucket === undefined ? [] : [[`${who}-${shard}`, bucket.limits.get('l')!.tokens]];
    })))).flat());
  const consumed = async (): Promise<number> => {
    const all = await Promise.all((['child', 'parent'] as const).flatMap((who) =>
      Array.from({ length: shards[who] }, async (_, shard) => (await simulation.bucket(who, RESOURCE, shard))?.limits.get('l')!.totalConsumed ?? 0)));
    return all.reduce((sum, counter) => sum + counter, 0);
  };
  return { simulation, one, take, balances, consumed };
}

const total = (balances: Record<string, number>): number => Object.values(balances).reduce((sum, balance) => sum + balance, 0);

describe('however a child, its parent and their shards stand', () => {
  test('a request that is refused, or fails, changes no balance and no counter', async () => {
    const fault = fc.constantFrom<Fault | undefined>(undefined, undefined, 'throttled', 'lost', 'denied', 'down');
    await fc.assert(fc.asyncProperty(family, fc.integer({ min: 1, max: 120 }), fc.array(fault, { maxLength: 8 }), async (setting, amount, faults) => {
      const { simulation, one, take, balances, consumed } = await setUp(setting);
      await take('child', 0); // what is due is credited
      const before = { consumed: await consumed(), total: total(await balances()) };
      const failures = [...faults];
      // What is to be given back must get through: that it may fail is another test's matter.
      one.store.fault = ({ changes }) => {
        const counter = changes.get('b_l_tc');
        return counter !== undefined && 'add' in counter && counter.add < 0 ? undefined : failures.shift();
      };

      const decision = await take('child', amount);
      if (decision.allowed) return;
      await simulation.run(simulation.clock.sleep(5000)); // what was taken after the time was over comes back
      one.store.fault = undefined;

      expect(await consumed()).toBe(before.consumed);
      expect(total(await balances())).toBeGreaterThanOrEqual(before.total);
    }), { numRuns: 700 });
  });

  test('a refund returns to each shard what it gave, and a correction never takes from one that gave nothing', async () => {
    await fc.assert(fc.asyncProperty(family, fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 90 }), async (setting, amount, part) => {
      const { simulation, take, balances, consumed } = await setUp(setting);
      await take('child', 0);
      const counter = await consumed();
      const decision = await take('child', amount);
      if (!decision.allowed) return;
      const during = await balances();

      decision.lease.release({ l: Math.min(part, amount) });
      await simulation.run(decision.lease.flush());
      const partly = await balances();
      await simulation.run(decision.lease.rollback());
      const after = await balances();

      expect(await consumed()).toBe(counter);
      for (const [shard, balance] of Object.entries(during)) {
        expect(partly[shard]).toBeGreaterThanOrEqual(balance);
        expect(after[shard]).toBeGreaterThanOrEqual(partly[shard]!);
      }
      expect(total(after) - total(during)).toBe(2 * amount * 1000);
    }), { numRuns: 700 });
  });
});
