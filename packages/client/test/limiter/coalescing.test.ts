import { Limit, RateLimiter, type Decision, type Lease } from '@zae-limiter/client';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { storedBucket, storedTokens } from '../support/bucket';
import { outage } from '../support/faulty-store';

let table: TestTable;
let entities = 0;

beforeAll(async () => { table = await connectTestTable(); });

async function setUp(capacity: number, rest: readonly Limit[] = []) {
  const entity = `user-${++entities}`;
  const store = new FaultyStore(table.store, new FakeClock());
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId, clock: new FakeClock() });
  await limiter.admin.limits.set([Limit.perHour('rpm', capacity), ...rest], { entity });
  const tryTake = (rpm: number): Promise<Decision> => limiter.tryAcquire({ entity, resource: 'gpt-4', consume: { rpm } });
  await tryTake(0); // opens the bucket
  table.meter.take();
  return { limiter, entity, store, tryTake };
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const outcomes = (decisions: readonly Decision[]) => decisions.map(({ outcome }) => outcome);

describe('requests for one bucket that come at the same time', () => {
  test('of 256 callers in a closed loop cost at most one write unit for a hundred', async () => {
    const { tryTake } = await setUp(1_000_000);
    const rounds = 40;

    const decisions = (await Promise.all(times(256, async () => {
      const mine: Decision[] = [];
      for (let round = 0; round < rounds; round++) mine.push(await tryTake(1));
      return mine;
    }))).flat();

    const { writeUnits, readUnits } = table.meter.take();
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(256 * rounds);
    expect(writeUnits / decisions.length).toBeLessThanOrEqual(0.01);
    expect(readUnits).toBe(0);
  });

  test('share each write with those who were just answered and ask again at once', async () => {
    const { tryTake } = await setUp(1_000_000);
    const rounds = 20;

    await Promise.all(times(16, async () => {
      for (let round = 0; round < rounds; round++) await tryTake(1);
    }));

    expect(table.meter.take().calls).toBeLessThanOrEqual(rounds + 4); // the first few find nobody else yet
  });

  test('are admitted exactly as far as the tokens go, first come first served', async () => {
    const { tryTake, entity } = await setUp(60);

    const decisions = await Promise.all(times(100, () => tryTake(1)));

    expect(outcomes(decisions)).toEqual([...times(60, () => 'allowed'), ...times(40, () => 'limited')]);
    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(0);
    expect((await storedBucket(table, entity, 'gpt-4')).limits.get('rpm')!.totalConsumed).toBe(60_000);
  });

  test('on a bucket that is not there yet share its creation and what follows', async () => {
    const { limiter, entity } = await setUp(60);
    const take = () => limiter.tryAcquire({ entity, resource: 'new', consume: { rpm: 1 } });
    await limiter.available(entity, 'new');
    table.meter.take();

    const decisions = await Promise.all(times(100, take));

    expect(outcomes(decisions)).toEqual([...times(60, () => 'allowed'), ...times(40, () => 'limited')]);
    expect(table.meter.take().calls).toBeLessThanOrEqual(8);
  });

  test('do not wait for one that cannot fit', async () => {
    const { tryTake } = await setUp(10);

    const decisions = await Promise.all([6, 1, 1, 1, 1, 9, 2].map(tryTake));

    expect(outcomes(decisions)).toEqual(['allowed', 'allowed', 'allowed', 'allowed', 'allowed', 'limited', 'limited']);
  });

  test('that are refused say what they asked for and when they could pass', async () => {
    const { tryTake } = await setUp(60);

    const decisions = await Promise.all([...times(60, () => tryTake(1)), tryTake(2), tryTake(3)]);

    expect(decisions.slice(60)).toMatchObject([
      { outcome: 'limited', retryAfterMs: 120_000, limits: [{ requested: 2, remaining: 0 }] },
      { outcome: 'limited', retryAfterMs: 180_000, limits: [{ requested: 3, remaining: 0 }] },
    ]);
  });

  test('and ask for different limits each get all of theirs or none', async () => {
    const { limiter, entity } = await setUp(10, [Limit.perHour('tpm', 5)]);
    const take = (consume: Record<string, number>) => limiter.tryAcquire({ entity, resource: 'gpt-4', consume });

    const decisions = await Promise.all([...times(5, () => take({ rpm: 1, tpm: 1 })), take({ rpm: 1, tpm: 1 }), take({ rpm: 5 }), take({ rpm: 1 })]);

    expect(outcomes(decisions)).toEqual([...times(5, () => 'allowed'), 'limited', 'allowed', 'limited']);
    expect(await storedTokens(table, entity, 'gpt-4', 'tpm')).toBe(0);
  });

  test('with limits of their own are decided by those', async () => {
    const { limiter, entity } = await setUp(100);
    const take = (limit: Limit) => limiter.tryAcquire({ entity, resource: 'gpt-4', consume: { rpm: 1 }, limits: [limit] });

    const decisions = await Promise.all(times(20, (at) => take(Limit.perHour('rpm', at < 10 ? 100 : 50))));

    expect(outcomes(decisions)).toEqual(times(20, () => 'allowed'));
  });

  test('one after the other cost one call each', async () => {
    const { tryTake } = await setUp(100);

    for (let at = 0; at < 5; at++) await tryTake(1);

    expect(table.meter.take()).toMatchObject({ calls: 5, writeUnits: 5, refused: 0 });
  });

  test('W30: fail together when the store is down, and do not ask it once for each', async () => {
    const { tryTake, store } = await setUp(1000);
    store.fault = outage;
    const before = store.updates;

    const decisions = await Promise.all(times(100, () => tryTake(1)));

    expect(outcomes(decisions)).toEqual(times(100, () => 'unavailable'));
    expect(store.updates - before).toBeLessThanOrEqual(5);
  });

  test('follow changed limits together', async () => {
    const { limiter, entity, tryTake } = await setUp(100);
    const other = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId, clock: new FakeClock() });
    await other.admin.limits.set([Limit.perHour('rpm', 30)], { entity, resource: 'gpt-4' });
    limiter.cache.invalidate();

    const decisions = await Promise.all(times(50, () => tryTake(1)));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(30);
  });
});

describe('corrections of one bucket that come at the same time', () => {
  test('share their writes and lose nothing', async () => {
    const { tryTake, entity } = await setUp(1000);
    const leases = (await Promise.all(times(100, () => tryTake(5)))).map((decision) => (decision as { lease: Lease }).lease);
    table.meter.take();

    await Promise.all(leases.map((lease, at) => {
      if (at % 2 === 0) return lease.rollback();
      lease.set({ rpm: 7 });
      return lease.commit();
    }));

    expect(table.meter.take().calls).toBeLessThanOrEqual(3);
    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(1000 - 50 * 7);
    expect((await storedBucket(table, entity, 'gpt-4')).limits.get('rpm')!.totalConsumed).toBe(350_000);
  });

  test('fail together, and can be tried again', async () => {
    const { tryTake, store, entity } = await setUp(100);
    const leases = (await Promise.all(times(10, () => tryTake(5)))).map((decision) => (decision as { lease: Lease }).lease);
    store.fault = outage;

    const results = await Promise.allSettled(leases.map((lease) => lease.rollback()));
    store.fault = undefined;
    await Promise.all(leases.map((lease) => lease.rollback()));

    expect(results.map(({ status }) => status)).toEqual(times(10, () => 'rejected'));
    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(100);
  });
});
