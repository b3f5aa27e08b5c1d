import { isRateLimited, Limit, RateLimiter, type AcquireRequest, type Decision } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { connectWithLimits, limits } from '../support/acquire';
import { bucketItem, deleteBucket, putItem, storedBucket, storedTokens, tamper } from '../support/bucket';

let table: TestTable;
let setUp: Awaited<ReturnType<typeof connectWithLimits>>['setUp'];

beforeAll(async () => { ({ table, setUp } = await connectWithLimits()); });

const outcomes = (decisions: readonly Decision[], outcome: Decision['outcome']) => decisions.filter((decision) => decision.outcome === outcome).length;

describe('admission', () => {
  test('16 concurrent callers on one bucket of capacity 100 are admitted exactly 100 times', async () => {
    const { limiter, request } = setUp();

    const decisions = (await Promise.all(Array.from({ length: 16 }, async () => {
      const mine: Decision[] = [];
      do mine.push(await limiter.tryAcquire(request({ rpm: 1 }))); while (mine.at(-1)!.allowed);
      return mine;
    }))).flat();

    expect(outcomes(decisions, 'allowed')).toBe(100);
    expect(outcomes(decisions, 'limited')).toBe(16);
  });

  test('four processes that start at once on a missing bucket are admitted exactly 100 times together', async () => {
    const { request, entity, clock } = setUp();
    const processes = Array.from({ length: 4 }, () => setUp({ entity, clock }).limiter);

    const decisions = (await Promise.all(processes.map((limiter) =>
      Promise.all(Array.from({ length: 40 }, () => limiter.tryAcquire(request({ rpm: 1 }))))))).flat();

    expect(outcomes(decisions, 'allowed')).toBe(100);
    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(0);
  });

  test('W28: processes that compete for refill admit what is due and no more', async () => {
    const { request, entity, clock } = setUp();
    const processes = Array.from({ length: 4 }, () => setUp({ entity, clock }).limiter);
    await processes[0]!.acquire(request({ rpm: 100 }));
    let admitted = 0;

    for (let second = 0; second < 30; second++) {
      clock.advance(1000);
      const decisions = await Promise.all(processes.flatMap((limiter) => [1, 2].map(() => limiter.tryAcquire(request({ rpm: 1 })))));
      admitted += outcomes(decisions, 'allowed');
    }

    expect(admitted).toBe(50); // 100 a minute for 30 s
  });

  test('all limits are taken or none', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.acquire(request({ rpm: 1, tpm: 9900 }));
    const before = await bucketItem(table, entity, 'gpt-4');

    const decision = await limiter.tryAcquire(request({ rpm: 1, tpm: 200 }));

    expect(decision).toMatchObject({ outcome: 'limited', violations: [{ name: 'tpm', remaining: 100, requested: 200 }] });
    expect(await bucketItem(table, entity, 'gpt-4')).toEqual(before);
  });

  test('a denial says exactly when the request passes', async () => {
    const { limiter, request, clock } = setUp();
    await limiter.acquire(request({ rpm: 100 }));
    const denied = await limiter.tryAcquire(request({ rpm: 7 }));
    const { retryAfterMs } = denied as Extract<Decision, { outcome: 'limited' }>;

    clock.advance(retryAfterMs - 1);
    expect((await limiter.tryAcquire(request({ rpm: 7 }))).outcome).toBe('limited');
    clock.advance(1);
    expect((await limiter.tryAcquire(request({ rpm: 7 }))).outcome).toBe('allowed');
  });

  test('acquire throws what tryAcquire returns', async () => {
    const { limiter, request } = setUp();
    await limiter.acquire(request({ rpm: 100 }));

    const error = await limiter.acquire(request({ rpm: 1 })).catch((thrown: unknown) => thrown);

    expect(isRateLimited(error)).toBe(true);
    expect(error).toMatchObject({ retryAfterMs: 600, primary: { name: 'rpm', entity: expect.any(String), source: 'resource' } });
  });

  test('W45: a request above the capacity can never pass, and costs a look at the limits at most every two seconds to refuse', async () => {
    const { limiter, request } = setUp();
    await limiter.acquire(request({ rpm: 1 }));
    table.meter.take();
    await limiter.tryAcquire(request({ rpm: 101 }));
    expect(table.meter.take()).toMatchObject({ operations: ['BatchGetItem'] });

    expect(await limiter.tryAcquire(request({ rpm: 101 }))).toMatchObject({ outcome: 'unsatisfiable', violations: [{ retryAfterMs: undefined }] });
    expect(table.meter.take().calls).toBe(0);
    await expect(limiter.acquire(request({ rpm: 101 }))).rejects.toMatchObject({ unsatisfiable: true, retryAfterMs: undefined });
  });

  test('W32: a refusal is free while the bucket was seen a moment ago, and then asks it', async () => {
    const { limiter, request, entity, clock } = setUp();
    await limiter.acquire(request({ rpm: 100 }));
    table.meter.take();

    for (let at = 0; at < 250; at += 10) {
      expect((await limiter.tryAcquire(request({ rpm: 5 }))).outcome).toBe('limited');
      clock.advance(10);
    }
    expect(table.meter.take().calls).toBe(0);
    await tamper(table, entity, 'gpt-4', { b_rpm_tk: { N: '5000' } });

    expect((await limiter.tryAcquire(request({ rpm: 5 }))).outcome).toBe('allowed');
  });

  test('W32: a refusal from memory ends with the millisecond in which refill suffices', async () => {
    const { limiter, request, clock } = setUp();
    await limiter.acquire(request({ rpm: 100 }, { limits: [Limit.perSecond('rpm', 100)] }));
    const again = () => limiter.tryAcquire(request({ rpm: 20 }, { limits: [Limit.perSecond('rpm', 100)] }));

    clock.advance(199);
    expect((await again()).outcome).toBe('limited');
    clock.advance(1);
    expect((await again()).outcome).toBe('allowed');
  });

  test('tokens that the process itself gave back are seen at once', async () => {
    const { limiter, request } = setUp();
    const lease = await limiter.acquire(request({ rpm: 100 }));
    expect((await limiter.tryAcquire(request({ rpm: 1 }))).outcome).toBe('limited');

    await lease.rollback();

    expect((await limiter.tryAcquire(request({ rpm: 100 }))).outcome).toBe('allowed');
  });

  test('a refusal always asks the bucket when memory is switched off', async () => {
    const { entity, request } = setUp();
    const { store, namespaceId } = table;
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId, clock: new FakeClock(), denyTtlMs: 0 });
    await limiter.acquire({ ...request({ rpm: 100 }), entity });
    table.meter.take();

    await limiter.tryAcquire({ ...request({ rpm: 1 }), entity });

    expect(table.meter.take()).toMatchObject({ calls: 1, refused: 1 });
    expect(() => new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId, denyTtlMs: -1 })).toThrow(expect.objectContaining({ field: 'denyTtlMs' }));
  });

  test('every limit is reported, also those that were not asked for', async () => {
    const { limiter, request } = setUp();

    expect((await limiter.tryAcquire(request({ rpm: 30 }))).limits).toMatchObject([
      { name: 'rpm', capacity: 100, remaining: 70, requested: 30, exceeded: false, retryAfterMs: 0, resetMs: 18_000, refill: { amount: 100, periodMs: 60_000 } },
      { name: 'tpm', capacity: 10_000, remaining: 10_000, requested: 0, resetMs: 0 },
    ]);
  });

  test('W8: a clock that is behind admits nothing more and moves nothing back', async () => {
    const { limiter, request, entity, clock } = setUp();
    await limiter.acquire(request({ rpm: 100 }));
    const { refilledAt } = await storedBucket(table, entity, 'gpt-4');
    clock.advance(-3_600_000);

    expect((await limiter.tryAcquire(request({ rpm: 1 }))).outcome).toBe('limited');
    expect((await storedBucket(table, entity, 'gpt-4')).refilledAt).toBe(refilledAt);
  });

  test('W10: a slow limit loses nothing beside a fast one', async () => {
    const { limiter, request, entity, clock } = setUp();
    const slowAndFast = [Limit.perDay('daily', 10), Limit.perMinute('fast', 6000)];
    await limiter.acquire(request({ daily: 10, fast: 1 }, { limits: slowAndFast }));

    for (let at = 0; at < 10_000; at += 500) {
      clock.advance(500_000);
      await limiter.acquire(request({ fast: 6000 }, { limits: slowAndFast }));
    }

    const { limits: stored } = await storedBucket(table, entity, 'gpt-4');
    expect(stored.get('daily')!.tokens).toBe(Math.floor(10_000_000 * 10_000 / 86_400_000)); // 20 × 500 s of 10 a day, in millitokens
  });
});

describe('a live bucket', () => {
  test('W5: follows lowered limits with the next request', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100)], { entity, resource: 'gpt-4' });
    await limiter.acquire(request({ rpm: 1 }));

    await limiter.admin.limits.set([Limit.perMinute('rpm', 5)], { entity, resource: 'gpt-4' });
    const decisions = await Promise.all(Array.from({ length: 10 }, () => limiter.tryAcquire(request({ rpm: 1 }))));

    expect(outcomes(decisions, 'allowed')).toBe(5);
    expect((await storedBucket(table, entity, 'gpt-4')).limits.get('rpm')).toMatchObject({ capacity: 5000, refillAmount: 5000 });
  });

  test('W5: spreads changed limits to a process that still remembers the old ones', async () => {
    const first = setUp();
    const second = setUp({ entity: first.entity, clock: first.clock });
    await first.limiter.admin.limits.set([Limit.perMinute('rpm', 100)], { entity: first.entity });
    await first.limiter.acquire(first.request({ rpm: 1 }));
    await second.limiter.acquire(first.request({ rpm: 1 }));
    first.clock.advance(3000);

    await first.limiter.admin.limits.set([Limit.perMinute('rpm', 200)], { entity: first.entity });
    await first.limiter.acquire(first.request({ rpm: 1 }));
    await second.limiter.acquire(first.request({ rpm: 99 })); // more than is stored: shows the new parameters
    await second.limiter.acquire(first.request({ rpm: 1 }));

    expect((await storedBucket(table, first.entity, 'gpt-4')).limits.get('rpm')!.capacity).toBe(200_000);
  });

  test('W3: gains a new limit, full, in the write that first consumes it', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.acquire(request({ rpm: 1 }, { limits: [Limit.perMinute('rpm', 100)] }));
    table.meter.take();

    await limiter.acquire(request({ 'rpm': 1, 'out.tokens-2': 30 }, { limits: [Limit.perMinute('rpm', 100), Limit.perMinute('out.tokens-2', 50)] }));

    expect(table.meter.take().calls).toBe(1);
    expect(await storedTokens(table, entity, 'gpt-4', 'out.tokens-2')).toBe(20);
  });

  test('W6: obeys limits that the request brings', async () => {
    const { limiter, request } = setUp();
    await limiter.acquire(request({ rpm: 1 }));

    const three = { limits: [Limit.perMinute('rpm', 3)] };
    const decisions = await Promise.all(Array.from({ length: 6 }, () => limiter.tryAcquire(request({ rpm: 1 }, three))));

    expect(outcomes(decisions, 'allowed')).toBe(3);
  });

  test('W4: that was damaged is replaced by a whole one', async () => {
    const { limiter, request, entity } = setUp();
    await tamper(table, entity, 'gpt-4', { b_rpm_tk: { N: '-9000' }, b_rpm_tc: { N: '9000' }, b_old_tk: { N: '1' } });

    await limiter.acquire(request({ rpm: 1 }));

    const item = await bucketItem(table, entity, 'gpt-4');
    expect(item).toMatchObject({ b_rpm_tk: { N: '99000' }, b_rpm_tc: { N: '1000' }, b_rpm_cp: { N: '100000' } });
    expect(item).not.toHaveProperty('b_old_tk');
  });

  test('W27: that was deleted meanwhile is created again', async () => {
    const { limiter, request, entity, clock } = setUp();
    await limiter.acquire(request({ rpm: 60 }));
    await deleteBucket(table, entity, 'gpt-4');
    clock.advance(250);

    expect((await limiter.tryAcquire(request({ rpm: 60 }))).outcome).toBe('allowed');
    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(40);
  });

  test('W31: leaves the resource index with the first refill, and costs 1 write unit from then on', async () => {
    const { limiter, request, entity, clock } = setUp();
    await limiter.acquire(request({ rpm: 100 }));
    await tamper(table, entity, 'gpt-4', { GSI2PK: { S: `${table.namespaceId}/RESOURCE#gpt-4` }, GSI2SK: { S: `BUCKET#${entity}#0` } });
    const other = setUp({ entity, clock });
    clock.advance(60_000);
    await other.limiter.acquire(request({ rpm: 1 }));
    table.meter.take();

    await other.limiter.acquire(request({ rpm: 1 }));

    expect(table.meter.take().writeUnits).toBe(1);
    expect(await bucketItem(table, entity, 'gpt-4')).not.toHaveProperty('GSI2PK');
  });
});

describe('a new bucket', () => {
  test('carries everything that a Python client needs', async () => {
    const { limiter, request, entity, clock } = setUp();

    await limiter.acquire(request({ rpm: 1, tpm: 500 }));

    expect(await bucketItem(table, entity, 'gpt-4')).toEqual({
      PK: { S: `${table.namespaceId}/BUCKET#${entity}#gpt-4#0` }, SK: { S: '#STATE' }, x_op: { S: expect.any(String) }, x_ev: { N: '1' },
      entity_id: { S: entity }, resource: { S: 'gpt-4' }, rf: { N: String(clock.now()) }, shard_count: { N: '1' }, cascade: { BOOL: false },
      ttl: { N: String(clock.now() / 1000 + 420) },
      b_rpm_tk: { N: '99000' }, b_rpm_cp: { N: '100000' }, b_rpm_ra: { N: '100000' }, b_rpm_rp: { N: '60000' }, b_rpm_tc: { N: '1000' },
      b_tpm_tk: { N: '9500000' }, b_tpm_cp: { N: '10000000' }, b_tpm_ra: { N: '10000000' }, b_tpm_rp: { N: '60000' }, b_tpm_tc: { N: '500000' },
      b_wcu_tk: { N: '1000000' }, b_wcu_cp: { N: '1000000' }, b_wcu_ra: { N: '1000000' }, b_wcu_rp: { N: '1000' }, b_wcu_tc: { N: '1000' },
      GSI3PK: { S: `${table.namespaceId}/ENTITY#${entity}` }, GSI3SK: { S: 'BUCKET#gpt-4#0' },
      GSI4PK: { S: table.namespaceId }, GSI4SK: { S: `BUCKET#${entity}#gpt-4#0` },
    });
  });

  test('takes its place in the hierarchy from the entity', async () => {
    const { limiter, request, entity } = setUp();
    await putItem(table, { pk: `${table.namespaceId}/ENTITY#${entity}`, sk: '#META' }, {
      entity_id: { S: entity }, name: { S: entity }, parent_id: { S: 'team-1' }, cascade: { BOOL: false },
    });

    await limiter.acquire(request({ rpm: 1 }));

    expect(await bucketItem(table, entity, 'gpt-4')).toMatchObject({ parent_id: { S: 'team-1' }, cascade: { BOOL: false } });
  });

  test('of an entity with limits of its own never expires', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.admin.limits.set(limits, { entity, resource: 'gpt-4' });

    await limiter.acquire(request({ rpm: 1 }));

    expect(await bucketItem(table, entity, 'gpt-4')).not.toHaveProperty('ttl');
  });
});

describe('bad input', () => {
  const bad: [string, Partial<AcquireRequest>, object][] = [
    ['an unknown limit', { consume: { tmp: 1 } }, { code: 'UNKNOWN_LIMIT', field: 'consume.tmp', value: 'tmp' }],
    ['a negative amount', { consume: { rpm: -1 } }, { code: 'VALIDATION_FAILED', field: 'consume.rpm', value: '-1', reason: 'negative' }],
    ['a fractional amount', { consume: { rpm: 1.0005 } }, { field: 'consume.rpm', value: '1.0005', reason: 'not_an_integer' }],
    ['an amount that is no number', { consume: { rpm: '1' as unknown as number } }, { field: 'consume.rpm', reason: 'not_an_integer' }],
    ['an amount that is too large', { consume: { rpm: 1e15 } }, { field: 'consume.rpm', reason: 'too_large' }],
    ['a reserved limit', { consume: { wcu: 1 } }, { code: 'INVALID_NAME', field: 'consume.wcu', reason: 'reserved' }],
    ['nothing to consume', { consume: {} }, { field: 'consume', reason: 'empty' }],
    ['no amounts at all', { consume: undefined as unknown as Record<string, number> }, { field: 'consume', reason: 'type' }],
    ['a bad entity', { entity: 'a#b' }, { code: 'INVALID_IDENTIFIER', field: 'entity', value: 'a#b', reason: 'hash' }],
    ['a bad resource', { resource: '_default_' }, { code: 'INVALID_IDENTIFIER', field: 'resource', reason: 'pattern' }],
    ['limits that are given and empty', { limits: [] }, { field: 'limits', reason: 'empty' }],
    ['a policy that does not exist', { onUnavailable: 'Block' as 'block' }, { field: 'onUnavailable', value: 'Block' }],
    ['a limit without a period', { limits: [{ ...limits[0], refillPeriodSeconds: 0 } as Limit] }, { field: 'refillPeriodSeconds' }],
    ['a limit that is given twice', { limits: [limits[0]!, limits[0]!] }, { field: 'limits', value: 'rpm', reason: 'duplicate' }],
    ['a resource without limits', { resource: 'unlimited' }, { code: 'NO_LIMITS_CONFIGURED', field: 'limits' }],
  ];

  test.each(bad)('W26: %s is a typed error and changes nothing', async (_, change, error) => {
    const { limiter, request, entity } = setUp();
    await limiter.acquire(request({ rpm: 1 }));
    const before = await bucketItem(table, entity, 'gpt-4');

    await expect(limiter.acquire({ ...request({ rpm: 1 }), ...change })).rejects.toMatchObject(error);

    expect(await bucketItem(table, entity, 'gpt-4')).toEqual(before);
  });

  test('W26: an unknown limit that the bucket happens to carry is given back by a process that had to find out', async () => {
    const { limiter, request, entity } = setUp();
    const withOld = [...limits, Limit.perMinute('old', 10)];
    await limiter.acquire(request({ rpm: 1, old: 1 }, { limits: withOld }));

    await expect(setUp({ entity }).limiter.acquire(request({ old: 1 }))).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT' });

    expect(await storedTokens(table, entity, 'gpt-4', 'old')).toBe(9);
  });
});
