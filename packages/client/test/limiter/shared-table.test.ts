import { Limit, RateLimiter, type AcquireRequest, type Decision } from '@zae-limiter/client';
import type { BucketKey } from '@zae-limiter/client/core/bucket';
import { configKey } from '@zae-limiter/client/schema/config-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { bucketItem, putItem, storedBucket, storedTokens, tamper } from '../support/bucket';

let table: TestTable;
let names = 0;

beforeAll(async () => { table = await connectTestTable(); });

const minute = (name: string, rate: number) => Limit.perMinute(name, rate);

/** A limiter with its own memory, as another process would have; two of one entity share the bucket. */
function setUp({ clock = new FakeClock(), entity = `user-${++names}`, resource = 'gpt-4', random = () => 0 } = {}) {
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId, clock, random });
  const request = (consume: Record<string, number>, limits?: readonly Limit[]): AcquireRequest => ({ entity, resource, consume, limits });
  const outcome = async (consume: Record<string, number>, limits?: readonly Limit[]) => (await limiter.tryAcquire(request(consume, limits))).outcome;
  return { limiter, clock, entity, resource, request, outcome };
}

const allowed = (decisions: readonly Decision[]) => decisions.filter((decision) => decision.allowed).length;

describe('a bucket whose limits change while it is exhausted', () => {
  test('W5: follows a raised limit in every process', async () => {
    const old = setUp();
    const { limiter, entity, resource, clock } = old;
    await limiter.admin.limits.set([Limit.perDay('rpd', 10)], { resource: `${resource}-${entity}` });
    const process = () => setUp({ clock, entity, resource: `${resource}-${entity}` });
    await process().limiter.acquire(process().request({ rpd: 10 }));

    await limiter.admin.limits.set([Limit.perSecond('rpd', 1000)], { resource: `${resource}-${entity}` });
    clock.advance(1000);

    expect(await process().outcome({ rpd: 500 })).toBe('allowed');
  });

  test('is refused by a limit that is named, also when its rate changed', async () => {
    const { limiter, outcome, clock } = setUp();
    await limiter.acquire(setUp().request({ rpm: 1 }, [minute('rpm', 10)]));
    await outcome({ rpm: 10 }, [minute('rpm', 10)]);
    clock.advance(10);

    expect(await outcome({ rpm: 10 }, [minute('rpm', 10_000)])).toBe('limited');
  });
});

describe('callers with different limits on one bucket', () => {
  test('W11: do not take the refill of limits that they know nothing of', async () => {
    const { outcome, clock, entity } = setUp();
    const both = [minute('rpm', 600), minute('tpm', 600)];
    await outcome({ rpm: 600, tpm: 600 }, both);

    for (let second = 0; second < 60; second++) {
      clock.advance(1000);
      await outcome({ rpm: 10 }, [minute('rpm', 600)]);
    }

    expect(await storedTokens(table, entity, 'gpt-4', 'tpm')).toBe(600);
  });
});

describe('a process with an old memory of the limits', () => {
  async function withOldMemory(before: readonly Limit[], after: readonly Limit[]) {
    const old = setUp();
    await old.limiter.admin.limits.set(before, { entity: old.entity });
    await old.limiter.acquire(old.request({ [before[0]!.name]: 1 }));
    old.clock.advance(3000);
    await setUp().limiter.admin.limits.set(after, { entity: old.entity });
    return old;
  }

  test('knows a limit that was added', async () => {
    const { outcome } = await withOldMemory([minute('rpm', 10)], [minute('rpm', 10), minute('tpm', 50)]);

    expect(await outcome({ tpm: 5 })).toBe('allowed');
  });

  test('does not refuse for good what a raised limit allows', async () => {
    const { outcome } = await withOldMemory([minute('rpm', 10)], [minute('rpm', 1000)]);

    expect(await outcome({ rpm: 50 })).not.toBe('unsatisfiable');
  });

  test('W26: admits no limit that was removed, so that nothing can be given back that was not taken', async () => {
    const old = await withOldMemory([minute('rpm', 10), minute('tpm', 100)], [minute('rpm', 20)]);
    const other = setUp({ entity: old.entity, clock: old.clock });
    await other.limiter.acquire(other.request({ rpm: 9 }));

    await old.limiter.acquire(old.request({ rpm: 10 })).catch(() => undefined); // shows the bucket's new parameters
    await expect(old.limiter.acquire(old.request({ tpm: 50 }))).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT' });
  });

  test('does not write old limits over those of a bucket that another process has corrected', async () => {
    const first = setUp();
    const second = setUp({ entity: first.entity, clock: first.clock });
    const set = (rate: number) => setUp().limiter.admin.limits.set([minute('rpm', rate)], { entity: first.entity });
    const capacity = async () => (await storedBucket(table, first.entity, 'gpt-4')).limits.get('rpm')!.capacity / 1000;
    await set(100);
    await first.limiter.acquire(first.request({ rpm: 1 }));
    await second.limiter.acquire(second.request({ rpm: 1 }));
    first.clock.advance(5000);
    await set(90);
    await first.limiter.acquire(first.request({ rpm: 99 })).catch(() => undefined); // looks again, and remembers 90
    first.clock.advance(500);
    await set(10);
    const third = setUp({ entity: first.entity, clock: first.clock });
    first.clock.advance(60_000);
    await third.limiter.acquire(third.request({ rpm: 1 }));
    expect(await capacity()).toBe(10);

    await first.limiter.acquire(first.request({ rpm: 1 }));

    expect(await capacity()).toBe(10);
  });
});

describe('a lease whose bucket changes', () => {
  test('W3: does not bring back a limit that was removed meanwhile', async () => {
    const { limiter, request, entity } = setUp();
    const lease = await limiter.acquire(request({ rpm: 1, tpm: 50 }, [minute('rpm', 10), minute('tpm', 100)]));
    const attributes = ['tk', 'cp', 'ra', 'rp', 'tc'].map((field) => [`b_tpm_${field}`, { remove: true }] as const);
    const key = { pk: pk.bucket({ namespaceId: table.namespaceId, entity, resource: 'gpt-4', shard: 0 }), sk: SK.bucket };
    await table.store.update({ key, changes: new Map(attributes), conditions: [] });

    await lease.rollback();

    const item = await bucketItem(table, entity, 'gpt-4');
    expect(Object.keys(item!).filter((name) => name.startsWith('b_tpm'))).toEqual([]);
    expect(item!.b_rpm_tk).toEqual({ N: '10000' });
  });

  test('that takes a limit into debt makes the bucket outlive the debt', async () => {
    const { limiter, request, entity, clock } = setUp();
    const lease = await limiter.acquire(request({ tpm: 100 }, [minute('tpm', 100)]));

    lease.adjust({ tpm: 5000 });
    await lease.commit();

    const { expiresAt } = await storedBucket(table, entity, 'gpt-4');
    expect(expiresAt! - clock.now() / 1000).toBe(51 * 60); // 5000 in debt, and 100 to be full again, at 100 a minute
  });
});

describe('an idle bucket', () => {
  test('gives a crowd of new processes what it holds, and not what it holds twice', async () => {
    const { limiter, clock, entity, resource } = setUp();
    await limiter.admin.limits.set([Limit.perHour('rph', 30)], { entity, resource });
    const process = () => setUp({ clock, entity, resource });
    const warm = process();
    await warm.limiter.acquire(warm.request({ rph: 1 }));
    clock.advance(7_200_000);

    const newProcesses = Array.from({ length: 31 }, process);
    const crowd = await Promise.all(newProcesses.map(({ limiter: one, request }) => one.tryAcquire(request({ rph: 1 }))));
    const more = await Promise.all(Array.from({ length: 31 }, () => warm.limiter.tryAcquire(warm.request({ rph: 1 }))));

    expect(allowed([...crowd, ...more])).toBe(30);
  });
});

describe('a damaged bucket', () => {
  test('W26: with a fraction in its balance is repaired by the next request, and loses nothing but the fraction', async () => {
    const { outcome, entity, clock } = setUp();
    await outcome({ rpm: 1 }, [minute('rpm', 100)]);
    await tamper(table, entity, 'gpt-4', { b_rpm_tk: { N: '88999.5' }, b_rpm_tc: { N: '11000.5' } });
    const other = setUp({ entity, clock });

    await other.outcome({ rpm: 10 }, [minute('rpm', 100)]);
    await other.outcome({ rpm: 10 }, [minute('rpm', 100)]);

    expect(await bucketItem(table, entity, 'gpt-4')).toMatchObject({ b_rpm_tk: { N: '68999' }, b_rpm_tc: { N: '31000' } });
  });
});

describe('a bucket that another client split', () => {
  /** Shards as Python clients make them, all empty but for what the test puts in. */
  async function split(count: number, tokens: readonly number[]) {
    const limits = [minute('rpm', 100)];
    const one = setUp();
    const key = (shard: number): BucketKey => ({ namespaceId: table.namespaceId, entity: one.entity, resource: 'gpt-4', shard });
    for (const [shard, amount] of tokens.entries()) {
      await putItem(table, { pk: pk.bucket(key(shard)), sk: SK.bucket }, {
        entity_id: { S: one.entity }, resource: { S: 'gpt-4' }, rf: { N: String(one.clock.now()) }, shard_count: { N: String(count) }, cascade: { BOOL: false },
        b_rpm_tk: { N: String(amount * 1000) }, b_rpm_cp: { N: '100000' }, b_rpm_ra: { N: '100000' }, b_rpm_rp: { N: '60000' }, b_rpm_tc: { N: '0' },
      });
    }
    const shardKeys = Array.from({ length: count }, (_, shard) => ({ pk: pk.bucket(key(shard)), sk: SK.bucket }));
    const shardTokens = async () => (await table.store.getMany(shardKeys)).map((item) => Number((item!.b_rpm_tk as { N: string }).N) / 1000);
    return { ...one, limits, key, shardTokens };
  }

  test('W15: gives no more than its capacity, from whichever shard has it', async () => {
    const { limiter, request, limits } = await split(4, [25, 25, 25, 25]);

    const decisions = await Promise.all(Array.from({ length: 110 }, () => limiter.tryAcquire(request({ rpm: 1 }, limits))));

    expect(allowed(decisions)).toBe(100);
  });

  test('W14: gets back what it gave to the shard that was charged', async () => {
    const { limiter, request, limits, key } = await split(2, [0, 50]);
    const lease = await limiter.acquire(request({ rpm: 20 }, limits));

    await lease.rollback();

    const item = await table.store.get({ pk: pk.bucket(key(1)), sk: SK.bucket });
    expect(item!.b_rpm_tk).toEqual({ N: '50000' });
  });

  test('W17: gets a missing shard, empty, so that it can refill', async () => {
    const { limiter, request, limits, clock } = await split(2, [0]);

    expect((await limiter.tryAcquire(request({ rpm: 10 }, limits))).outcome).toBe('limited');
    clock.advance(30_000);

    expect(allowed(await Promise.all([1, 2].map(() => limiter.tryAcquire(request({ rpm: 25 }, limits)))))).toBe(2);
    expect((await limiter.tryAcquire(request({ rpm: 1 }, limits))).outcome).toBe('limited');
  });

  test('names the wait until all shards together have enough', async () => {
    const { limiter, request, limits } = await split(2, [5, 10]);

    expect(await limiter.tryAcquire(request({ rpm: 25 }, limits))).toMatchObject({
      outcome: 'limited', retryAfterMs: 6000, limits: [{ capacity: 100, remaining: 15, requested: 25 }],
    });
  });

  test('gathers from several shards what none has alone, and gives each its part back', async () => {
    const { limiter, request, limits, shardTokens } = await split(4, [25, 20, 25, 25]);

    const lease = await limiter.acquire(request({ rpm: 60 }, limits));
    expect(lease.consumed).toEqual({ rpm: 60 });
    const left = await shardTokens();
    await lease.rollback();

    expect(left.reduce((sum, tokens) => sum + tokens, 0)).toBe(35);
    expect(await shardTokens()).toEqual([25, 20, 25, 25]);
  });

  test('refuses what all shards together do not have, and takes from none', async () => {
    const { limiter, request, limits, shardTokens } = await split(4, [25, 20, 25, 25]);

    expect((await limiter.tryAcquire(request({ rpm: 96 }, limits))).outcome).toBe('limited');
    expect((await limiter.tryAcquire(request({ rpm: 101 }, limits))).outcome).toBe('unsatisfiable');

    expect(await shardTokens()).toEqual([25, 20, 25, 25]);
  });

  test('W47: shows what all shards hold together', async () => {
    const { limiter, entity, limits } = await split(4, [25, 5, -3]);
    await limiter.admin.limits.set(limits, { entity });

    expect(await limiter.available(entity, 'gpt-4')).toMatchObject([{ name: 'rpm', capacity: 100, remaining: 27 }]);
  });
});

describe('stored limits that two operators change', () => {
  test('are those of one of them, never a mixture', async () => {
    const { entity } = setUp();
    await setUp().limiter.admin.limits.set([minute('rpm', 1)], { entity });

    await Promise.all([minute('tpm', 2), minute('foo', 3)].map((limit) => setUp().limiter.admin.limits.set([limit], { entity })));

    expect((await setUp().limiter.admin.limits.get({ entity })).limits).toHaveLength(1);
  });

  test('reach the bucket of an entity at once, for the sake of Python clients', async () => {
    const { limiter, outcome, entity, resource } = setUp();
    await limiter.admin.limits.set([minute('rpm', 100)], { entity });
    await outcome({ rpm: 1 });

    await limiter.admin.limits.set([minute('rpm', 5)], { entity, resource });

    const item = await bucketItem(table, entity, resource);
    expect(item).toMatchObject({ b_rpm_cp: { N: '5000' }, b_rpm_ra: { N: '5000' }, b_rpm_tk: { N: '99000' } });
    expect(item).not.toHaveProperty('ttl');
  });
});

describe('a stored level that cannot be read', () => {
  test('is a typed error for those who depend on it', async () => {
    const resource = `broken-${++names}`;
    await putItem(table, configKey(table.namespaceId, { resource }), { l_rpm_cp: { N: '1' } });

    await expect(setUp({ resource }).outcome({ rpm: 1 })).rejects.toMatchObject({ code: 'CORRUPT_RECORD' });
  });
});
