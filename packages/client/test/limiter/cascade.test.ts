import { Limit, RateLimiter, type AcquireRequest, type Decision, type LimiterEvents } from '@zae-limiter/client';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { bucketItem, deleteBucket, putItem, storedBucket, storedTokens, tamper } from '../support/bucket';
import { denied, outage } from '../support/faulty-store';
import { Simulation } from '../support/simulation';

let table: TestTable;
let families = 0;

beforeAll(async () => { table = await connectTestTable(); });

const RESOURCE = 'gpt-4';

/** A parent with 100 requests, a child with 50, and a process that has never seen them. */
async function setUp({ child: childLimits = [Limit.perMinute('rpm', 50)], parent: parentLimits = [Limit.perMinute('rpm', 100)] } = {}) {
  const id = ++families;
  const [child, parent] = [`child-${id}`, `parent-${id}`];
  await putItem(table, { pk: pk.entity(table.namespaceId, child), sk: SK.entity }, {
    entity_id: { S: child }, parent_id: { S: parent }, cascade: { BOOL: true }, name: { S: child }, metadata: { M: {} },
  });
  const clock = new FakeClock();
  const store = new FaultyStore(table.store, clock);
  const newProcess = () => new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId, clock });
  const limiter = newProcess();
  if (childLimits.length > 0) await limiter.admin.limits.set(childLimits, { entity: child });
  if (parentLimits.length > 0) await limiter.admin.limits.set(parentLimits, { entity: parent });
  const request = (rpm: number, more: Partial<AcquireRequest> = {}): AcquireRequest =>
    ({ entity: child, resource: RESOURCE, consume: { rpm }, ...more });
  const left = (entity: string) => storedTokens(table, entity, RESOURCE, 'rpm');
  const tokens = async () => ({ child: await left(child), parent: await left(parent) });
  table.meter.take();
  return { limiter, newProcess, clock, store, child, parent, request, tokens };
}

const failures = (limiter: RateLimiter) => {
  const events: LimiterEvents['settlementFailed'][] = [];
  limiter.on('settlementFailed', (event) => events.push(event));
  return events;
};

describe('a request of an entity that cascades', () => {
  test('takes from both, and says how the limits of both stand', async () => {
    const { limiter, request, child, parent, tokens } = await setUp();

    const decision = await limiter.tryAcquire(request(10));

    expect(await tokens()).toEqual({ child: 40, parent: 90 });
    expect(decision).toMatchObject({ outcome: 'allowed', limits: [{ entity: child, remaining: 40 }, { entity: parent, remaining: 90 }] });
  });

  test('W16, W50: costs one update for each of the two, and neither a read nor a transaction', async () => {
    const { limiter, request } = await setUp();
    await limiter.acquire(request(1));
    table.meter.take();

    await limiter.acquire(request(1));

    expect(table.meter.take()).toMatchObject({ operations: ['UpdateItem', 'UpdateItem'], writeUnits: 2, readUnits: 0 });
  });

  test('costs a new process two round trips on buckets in use', async () => {
    const { limiter, newProcess, request } = await setUp();
    await limiter.acquire(request(1));
    const other = newProcess();
    table.meter.take();

    await other.acquire(request(1));

    const { operations } = table.meter.take();
    expect([...operations].sort()).toEqual(['BatchGetItem', 'BatchGetItem', 'UpdateItem', 'UpdateItem']);
  });

  test('many of them at once share the writes of both', async () => {
    const { limiter, request, tokens } = await setUp();
    await limiter.acquire(request(0));
    table.meter.take();

    const decisions = await Promise.all(Array.from({ length: 60 }, () => limiter.tryAcquire(request(1))));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(50);
    expect(await tokens()).toEqual({ child: 0, parent: 50 });
    expect(table.meter.take().calls).toBeLessThanOrEqual(30);
  });

  test('of many children share the writes of their parent', async () => {
    const { limiter, parent } = await setUp({ child: [] });
    const children = Array.from({ length: 40 }, (_, at) => `sibling-${families}-${at}`);
    for (const child of children) {
      const key = { pk: pk.entity(table.namespaceId, child), sk: SK.entity };
      await putItem(table, key, { entity_id: { S: child }, parent_id: { S: parent }, cascade: { BOOL: true } });
    }
    await limiter.admin.limits.set([Limit.perMinute('rpm', 50)], { resource: 'shared' });
    const take = (child: string) => limiter.acquire({ entity: child, resource: 'shared', consume: { rpm: 1 } });
    await Promise.all(children.map(take));
    table.meter.take();

    await Promise.all(children.map(take));

    expect(table.meter.take().calls).toBeLessThanOrEqual(children.length + 10);
    expect((await storedBucket(table, parent, 'shared')).limits.get('rpm')!.totalConsumed).toBe(80_000);
  });
});

describe('a refusal', () => {
  test('W2: by an exhausted parent is a rate limit with the limits of both, and leaves both as they were', async () => {
    const { limiter, newProcess, request, child, parent, tokens } = await setUp();
    await limiter.acquire(request(0));
    await limiter.acquire({ entity: parent, resource: RESOURCE, consume: { rpm: 95 } });

    for (const process of [limiter, newProcess()]) {
      await expect(process.acquire(request(10))).rejects.toMatchObject({
        code: 'RATE_LIMITED', primary: { entity: parent, name: 'rpm', remaining: 5, retryAfterMs: 3000 }, passed: [{ entity: child, remaining: 50 }],
      });
      expect(await tokens()).toEqual({ child: 50, parent: 5 });
    }
  });

  test('by an exhausted child takes nothing from the parent', async () => {
    const { limiter, request, child, parent, tokens } = await setUp();
    await limiter.acquire(request(45));

    const decision = await limiter.tryAcquire(request(10));

    expect(decision).toMatchObject({ outcome: 'limited', violations: [{ entity: child }], limits: [{ entity: child }, { entity: parent }] });
    expect(await tokens()).toEqual({ child: 5, parent: 55 });
  });

  test.each(['child', 'parent'] as const)('W16: by a %s that is known to be short asks nobody else, and is free when repeated', async (short) => {
    const family = await setUp();
    const { limiter, request, clock } = family;
    await limiter.acquire(request(1));
    await limiter.acquire({ entity: family[short], resource: RESOURCE, consume: { rpm: short === 'child' ? 49 : 99 }, limits: undefined });
    clock.advance(300); // beyond the time for which the memory of a bucket is trusted
    table.meter.take();

    const outcomes = [];
    for (let at = 0; at < 3; at++) outcomes.push((await limiter.tryAcquire(request(30))).outcome);

    expect(outcomes).toEqual(['limited', 'limited', 'limited']);
    expect(table.meter.take().calls).toBeLessThanOrEqual(1);
  });

  test('of more than the capacity of the parent is for good, without a write', async () => {
    const { limiter, request, parent } = await setUp({ parent: [Limit.perMinute('rpm', 20)] });
    await limiter.acquire(request(1));
    table.meter.take();

    expect(await limiter.tryAcquire(request(21))).toMatchObject({ outcome: 'unsatisfiable', violations: [{ entity: parent, capacity: 20 }] });
    expect(table.meter.take().writeUnits).toBe(0);
  });

  test('W13: goes back to the shard that was charged', async () => {
    const simulation = new Simulation();
    await simulation.cascade('child', 'parent');
    const { limiter } = simulation.process({ random: () => 0.9, denyTtlMs: 0 });
    const limits = [Limit.perMinute('rpm', 100)];
    const request: AcquireRequest = { entity: 'child', resource: 'api', consume: { rpm: 10 }, limits };
    await limiter.acquire(request);
    const key = { pk: pk.bucket({ namespaceId: 'ns1', entity: 'child', resource: 'api', shard: 0 }), sk: SK.bucket };
    await simulation.table.update({ key, changes: new Map([['shard_count', { set: { N: '2' } }]]), conditions: [] });
    await limiter.tryAcquire(request); // learns of the second shard, and creates it
    simulation.clock.advance(60_000);
    await (await limiter.acquire(request)).rollback();
    const before = [await simulation.tokens('child', 'api', 'rpm', 0), await simulation.tokens('child', 'api', 'rpm', 1)];
    await limiter.acquire({ ...request, entity: 'parent', consume: { rpm: 95 } });

    expect((await limiter.tryAcquire(request)).outcome).toBe('limited');

    expect([await simulation.tokens('child', 'api', 'rpm', 0), await simulation.tokens('child', 'api', 'rpm', 1)]).toEqual(before);
  });

  test('W4: gives nothing back to a bucket that is gone', async () => {
    const { limiter, request, child, parent, store } = await setUp();
    await limiter.acquire(request(1));
    await tamper(table, parent, RESOURCE, { b_rpm_tk: { N: '0' } });
    let writes = 0;
    store.fault = async () => { if (++writes === 3) await deleteBucket(table, child, RESOURCE); }; // before the third: the give-back

    expect((await limiter.tryAcquire(request(1))).outcome).toBe('limited');

    expect(await bucketItem(table, child, RESOURCE)).toBeUndefined();
  });
});

describe('an outage', () => {
  test.each(['child', 'parent'] as const)('of the bucket of the %s leaves the other as it was', async (down) => {
    const family = await setUp();
    const { limiter, request, store, tokens } = family;
    await limiter.acquire(request(1));
    store.fault = (update) => (update.key.pk.includes(`#${family[down]}#`) ? outage(update) : undefined);

    expect((await limiter.tryAcquire(request(10))).outcome).toBe('unavailable');

    expect(await tokens()).toEqual({ child: 49, parent: 99 });
  });

  test('that also hits what would be given back is told, and the answer stays', async () => {
    const { limiter, request, parent, child, store } = await setUp();
    const events = failures(limiter);
    await limiter.acquire(request(1));
    await tamper(table, parent, RESOURCE, { b_rpm_tk: { N: '0' } });
    let ofChild = 0;
    store.fault = (update) => (update.key.pk.includes(`#${child}#`) && ++ofChild > 1 ? denied(update) : undefined);

    expect((await limiter.tryAcquire(request(10))).outcome).toBe('limited');

    expect(events).toEqual([expect.objectContaining({ entity: child, amounts: { rpm: -10 } })]);
  });
});

describe('the lease of an entity that cascades', () => {
  test('W45: says what each consumed, and does not count twice', async () => {
    const { limiter, request, child, parent } = await setUp();

    const lease = await limiter.acquire(request(10));
    lease.adjust({ rpm: -3 });

    expect(lease.consumed).toEqual({ rpm: 7 });
    expect(Object.fromEntries(lease.byEntity)).toEqual({ [child]: { rpm: 7 }, [parent]: { rpm: 7 } });
  });

  test.each([
    ['commit', { child: 45, parent: 95 }],
    ['rollback', { child: 50, parent: 100 }],
  ] as const)('writes its %s to both', async (how, left) => {
    const { limiter, request, tokens } = await setUp();
    const lease = await limiter.acquire(request(10));
    lease.set({ rpm: 5 });

    await lease[how]();

    expect(await tokens()).toEqual(left);
  });

  test('W13: takes more from both, or from none', async () => {
    const { limiter, request, tokens } = await setUp({ parent: [Limit.perMinute('rpm', 30)] });
    const lease = await limiter.acquire(request(10));

    await lease.consume({ rpm: 10 });
    await expect(lease.consume({ rpm: 11 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });

    expect(await tokens()).toEqual({ child: 30, parent: 10 });
    await lease.rollback();
    expect(await tokens()).toEqual({ child: 50, parent: 30 });
  });

  test('W23: that cannot correct one of the two corrects the other, and only the rest when it is tried again', async () => {
    const { limiter, request, parent, store, tokens } = await setUp();
    const lease = await limiter.acquire(request(10));
    lease.adjust({ rpm: 5 });
    store.fault = (update) => (update.key.pk.includes(`#${parent}#`) ? outage(update) : undefined);

    await expect(lease.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await tokens()).toEqual({ child: 35, parent: 90 });
    store.fault = undefined;
    await lease.commit();

    expect(await tokens()).toEqual({ child: 35, parent: 85 });
  });
});

describe('a parent', () => {
  test('is charged for those limits of the request that it has', async () => {
    const { limiter, child, parent } = await setUp({ child: [Limit.perMinute('rpm', 50), Limit.perMinute('tpm', 1000)] });

    const lease = await limiter.acquire({ entity: child, resource: RESOURCE, consume: { rpm: 1, tpm: 100 } });
    lease.adjust({ tpm: 50 });
    await lease.commit();

    expect(Object.fromEntries(lease.byEntity)).toEqual({ [child]: { rpm: 1, tpm: 150 }, [parent]: { rpm: 1 } });
    expect((await storedBucket(table, parent, RESOURCE)).limits.has('tpm')).toBe(false);
  });

  test.each([
    ['without limits', [], { rpm: 1 }],
    ['with none of the limits', [Limit.perMinute('other', 1)], { rpm: 1 }],
  ])('%s limits nobody', async (_, parentLimits, consume) => {
    const { limiter, child, parent } = await setUp({ parent: parentLimits });

    for (let at = 0; at < 2; at++) expect((await limiter.tryAcquire({ entity: child, resource: RESOURCE, consume })).outcome).toBe('allowed');

    expect(await bucketItem(table, parent, RESOURCE)).toBeUndefined();
  });

  test('W34: of a parent is never charged', async () => {
    const { limiter, request, parent } = await setUp();
    await putItem(table, { pk: pk.entity(table.namespaceId, parent), sk: SK.entity }, {
      entity_id: { S: parent }, parent_id: { S: `grand-${parent}` }, cascade: { BOOL: true },
    });

    await limiter.acquire(request(1));

    expect(await bucketItem(table, `grand-${parent}`, RESOURCE)).toBeUndefined();
  });

  test('W34: that an entity got after its bucket was made is charged once the old knowledge is a minute old', async () => {
    const { limiter, request, clock, child, tokens } = await setUp();
    await limiter.acquire(request(1));
    await putItem(table, { pk: pk.entity(table.namespaceId, child), sk: SK.entity }, { entity_id: { S: child }, cascade: { BOOL: false } });
    clock.advance(60_001);
    await limiter.acquire(request(0)); // stale knowledge is used once more while it is read again
    await limiter.available(child, RESOURCE);
    const before = await tokens();

    await limiter.acquire(request(1));

    expect((await tokens()).parent).toBe(before.parent);
  });

  test('W6: is held to the limits that a request brings', async () => {
    const { limiter, request, tokens } = await setUp();
    const limits = [Limit.perMinute('rpm', 10)];

    const decisions: Decision[] = [];
    for (let at = 0; at < 12; at++) decisions.push(await limiter.tryAcquire(request(1, { limits })));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(await tokens()).toEqual({ child: 0, parent: 0 });
  });

  test('is carried by the buckets of its child, for Python clients', async () => {
    const { limiter, request, child, parent } = await setUp();

    await limiter.acquire(request(1));

    expect(await bucketItem(table, child, RESOURCE)).toMatchObject({ cascade: { BOOL: true }, parent_id: { S: parent } });
    expect(await bucketItem(table, parent, RESOURCE)).not.toHaveProperty('parent_id');
  });

  test('W47: shows in what is available, and in the wait for it', async () => {
    const { limiter, request, child, parent } = await setUp();
    await limiter.acquire(request(40));
    await limiter.acquire({ entity: parent, resource: RESOURCE, consume: { rpm: 60 } });

    expect(await limiter.available(child, RESOURCE)).toMatchObject([{ entity: child, remaining: 10 }, { entity: parent, remaining: 0 }]);
    expect(await limiter.timeUntil(child, RESOURCE, { rpm: 10 })).toEqual({ ms: 6000 });
    expect(await limiter.timeUntil(child, RESOURCE, { rpm: 51 })).toEqual({ unsatisfiable: true });
    expect(await limiter.explain(child, RESOURCE)).toMatchObject({
      entity: child, source: 'entityDefault', exists: true, shards: 1, parent: { entity: parent, source: 'entityDefault', parent: undefined },
    });
  });
});
