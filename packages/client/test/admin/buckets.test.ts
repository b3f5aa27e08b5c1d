import { Admin, Limit, MemoryStore, RateLimiter, type Store } from '@zae-limiter/client';
import { int, text, type Item } from '@zae-limiter/client/schema/attributes';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { newAdmin, put, shown } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

const rpm = Limit.perMinute('rpm', 60);
const tpm = Limit.perMinute('tpm', 600, { burst: 1200 });
const limits = [rpm, tpm];
const REQUEST = { entity: 'user-1', resource: 'gpt-4', limits };

const keyOf = (namespaceId: string, shard: number) => ({ pk: `${namespaceId}/BUCKET#user-1#gpt-4#${shard}`, sk: '#STATE' });
const stateOf = async (store: Store, namespaceId: string, shard = 0) =>
  parseBucket((await store.get(keyOf(namespaceId, shard), { consistent: true }))!);

/** A bucket from which something was taken. */
async function setUp(consume: Record<string, number> = { rpm: 10, tpm: 200 }) {
  const found = newAdmin(table);
  await found.limiter.acquire({ ...REQUEST, consume });
  const outcome = async (take: Record<string, number>) => (await found.limiter.tryAcquire({ ...REQUEST, consume: take })).outcome;
  return { ...found, outcome, buckets: found.admin.buckets };
}

/** Splits the bucket into shards; each holds these millitokens, the ones without a balance are missing. */
async function split(namespaceId: string, balances: readonly (number | undefined)[], store: Store = table.store): Promise<void> {
  const first = (await store.get(keyOf(namespaceId, 0), { consistent: true }))!;
  for (const [shard, tokens] of balances.entries()) {
    if (tokens === undefined) continue;
    const own: Item = {
      ...first, PK: text(keyOf(namespaceId, shard).pk), GSI3SK: text(`BUCKET#gpt-4#${shard}`), GSI4SK: text(`BUCKET#user-1#gpt-4#${shard}`),
      shard_count: int(balances.length), b_rpm_tk: int(tokens), b_tpm_tk: int(tokens), rf: int(Date.UTC(2100, 0, 1)),
    };
    await put(store, own);
  }
}

describe('a bucket', () => {
  test('is shown whole', async () => {
    const { buckets, clock } = await setUp();
    clock.advance(1500);

    expect(await buckets.show('user-1', 'gpt-4')).toEqual([{
      entity: 'user-1', resource: 'gpt-4', shardCount: 1, cascade: false, parentId: undefined, blocked: undefined,
      limits: [
        { name: 'rpm', tokens: 51.5, capacity: 60, refill: { amount: 60, periodMs: 60_000 }, totalConsumed: 10 },
        { name: 'tpm', tokens: 1015, capacity: 1200, refill: { amount: 600, periodMs: 60_000 }, totalConsumed: 200 },
      ].map((limit) => expect.objectContaining(limit)),
      shards: [{
        shard: 0, exists: true, refilledAt: new Date('2100-01-01T00:00:00Z'), expiresAt: new Date('2100-01-01T00:14:00Z'), limits: [expect.anything(), expect.anything()],
      }],
    }]);
  });

  test('W15: is shown by shards, whose shares add up to the whole', async () => {
    const { buckets, namespaceId } = await setUp();
    await split(namespaceId, [5000, undefined, -1000, 2500, 100, 0, 0]);

    const [bucket] = await buckets.show('user-1', 'gpt-4');

    expect(bucket).toMatchObject({ shardCount: 7, limits: expect.arrayContaining([expect.objectContaining({ name: 'rpm', tokens: 6.6, capacity: 60 })]) });
    expect(bucket!.shards.map(({ exists }) => exists)).toEqual([true, false, true, true, true, true, true]);
    expect(bucket!.shards[0]!.limits).toContainEqual(expect.objectContaining({ name: 'rpm', tokens: 5, capacity: 8.571, refill: { amount: 8.571, periodMs: 60_000 } }));
  });

  test('W35: is found on every resource', async () => {
    const { buckets, limiter, namespaceId } = await setUp();
    for (let at = 0; at < 12; at++) await limiter.acquire({ ...REQUEST, resource: `model-${String(at).padStart(2, '0')}`, consume: { rpm: 1 } });
    await split(namespaceId, [0, 0]);

    const shownBuckets = await buckets.show('user-1');

    expect(shownBuckets.map(({ resource }) => resource)).toEqual(['gpt-4', ...Array.from({ length: 12 }, (_, at) => `model-${String(at).padStart(2, '0')}`)]);
    expect(await buckets.show('user-2')).toEqual([]);
    expect(await buckets.show('user-1', 'gpt-5')).toEqual([]);
  });

  test('W4: that is damaged is shown as it is', async () => {
    const { admin, namespaceId } = newAdmin(table);
    await put(table.store, { PK: text(keyOf(namespaceId, 0).pk), SK: text('#STATE'), b_rpm_tk: int(-5000) });

    expect(await admin.buckets.show('user-1', 'gpt-4')).toMatchObject([
      { limits: [{ name: 'rpm', tokens: -5, totalConsumed: undefined }], shards: [{ refilledAt: undefined, expiresAt: undefined }] },
    ]);
  });

  test.each([
    ['show', (admin: Admin) => admin.buckets.show('a#b')], ['show', (admin: Admin) => admin.buckets.show('a', 'b#c')],
    ['reset', (admin: Admin) => admin.buckets.reset('a', '9')], ['capacity', (admin: Admin) => admin.buckets.capacity({ resource: 'r', limit: 'wcu' })],
    ['capacity', (admin: Admin) => admin.buckets.capacity({ resource: '', limit: 'rpm' })],
  ])('%s rejects names that are not valid', async (_, work) => {
    await expect(work(newAdmin(table).admin)).rejects.toMatchObject({ reason: expect.stringMatching(/hash|pattern|reserved|empty/) });
  });
});

describe('a reset', () => {
  test('fills the bucket, keeps its counts, and is audited', async () => {
    const { admin, buckets, namespaceId, outcome, clock } = await setUp({ rpm: 60 });

    expect(await buckets.reset('user-1', 'gpt-4', { principal: 'ops' })).toBe(true);

    clock.advance(251); // the process may refuse from memory for a quarter of a second
    expect(await outcome({ rpm: 60 })).toBe('allowed');
    expect((await stateOf(table.store, namespaceId)).limits.get('rpm')).toMatchObject({ tokens: 0, totalConsumed: 120_000 });
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toEqual([
      { action: 'bucket_reset', entity: 'user-1', resource: 'gpt-4', principal: 'ops', details: {} },
    ]);
  });

  test('W15: fills each shard to its share', async () => {
    const { buckets, namespaceId } = await setUp();
    await split(namespaceId, [0, 0, undefined, 0, 0, 0, 0]);

    await buckets.reset('user-1', 'gpt-4');

    const states = await Promise.all([0, 1, 3, 4, 5, 6].map((shard) => stateOf(table.store, namespaceId, shard)));
    expect(states.map(({ limits: own }) => own.get('rpm')!.tokens)).toEqual([8571, 8571, 8571, 8572, 8571, 8572]); // shard 2 is missing
    expect(states.every(({ limits: own }) => own.get('wcu')!.tokens === 1_000_000)).toBe(true);
  });

  test('of a bucket with more shards than a transaction takes reaches all', async () => {
    const store = new MemoryStore();
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: 'ns1', clock: new FakeClock() });
    await limiter.acquire({ ...REQUEST, consume: { rpm: 10 } });
    await split('ns1', Array.from({ length: 120 }, () => 0), store);

    await limiter.admin.buckets.reset('user-1', 'gpt-4');

    expect((await limiter.admin.buckets.show('user-1', 'gpt-4'))[0]!.limits).toContainEqual(expect.objectContaining({ name: 'rpm', tokens: 60 }));
  });

  test('without a bucket does nothing and says nothing', async () => {
    const { admin } = newAdmin(table);

    expect(await admin.buckets.reset('user-1', 'gpt-4')).toBe(false);
    expect(await admin.audit.list({ entity: 'user-1' }).toArray()).toEqual([]);
  });

  test('gives up when others are faster every time', async () => {
    const { namespaceId } = await setUp();
    const losing: Store = Object.assign(Object.create(table.store) as Store, { transact: async () => false });
    const { buckets } = new Admin({ store: losing, namespaceId });
    await split(namespaceId, [0, 0]);

    await expect(buckets.reset('user-1', 'gpt-4')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await expect(buckets.resetShards('user-1', 'gpt-4')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });
});

describe('a block', () => {
  const HOUR = 3_600_000;

  test('lets nothing pass until its very end, and refill follows', async () => {
    const { admin, buckets, clock, outcome } = await setUp();

    await buckets.block('user-1', 'gpt-4', { forMs: HOUR, reason: 'abuse', principal: 'ops' });

    expect(await buckets.show('user-1', 'gpt-4')).toMatchObject([{ blocked: { until: new Date('2100-01-01T01:00:00Z'), reason: 'abuse' } }]);
    expect([await outcome({ rpm: 1 }), await outcome({ tpm: 1 })]).toEqual(['limited', 'limited']);
    clock.advance(HOUR - 1);
    expect([await outcome({ rpm: 1 }), await outcome({ tpm: 1 })]).toEqual(['limited', 'limited']);
    clock.advance(1001);
    expect([await outcome({ rpm: 1 }), await outcome({ tpm: 9 })]).toEqual(['allowed', 'allowed']);
    expect(await buckets.show('user-1', 'gpt-4')).toMatchObject([{ blocked: undefined }]);
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toEqual([{
      action: 'bucket_blocked', entity: 'user-1', resource: 'gpt-4', principal: 'ops',
      details: { for_ms: HOUR, until: '2100-01-01T01:00:00.000Z', reason: 'abuse' },
    }]);
  });

  test('tells when it ends to whoever is refused', async () => {
    const { buckets, limiter } = await setUp();
    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });

    expect(await limiter.tryAcquire({ ...REQUEST, consume: { rpm: 1 } })).toMatchObject({ outcome: 'limited', retryAfterMs: HOUR + 1000 });
  });

  test('makes the bucket outlive it: one that expired would come back full', async () => {
    const { buckets, namespaceId } = await setUp();

    await buckets.block('user-1', 'gpt-4', { forMs: 24 * HOUR });

    expect((await stateOf(table.store, namespaceId)).expiresAt! * 1000).toBeGreaterThan(Date.UTC(2100, 0, 2));
  });

  test('W15: holds on every shard, also on those that were not written yet', async () => {
    const { buckets, clock, namespaceId } = await setUp();
    await new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId }).admin.limits.set(limits, { entity: 'user-1', resource: 'gpt-4' });
    await split(namespaceId, [5000, undefined, 5000, 5000]);

    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });

    const [bucket] = await buckets.show('user-1', 'gpt-4');
    expect(bucket!.shards.map(({ limits: own }) => own.find(({ name }) => name === 'rpm')!.tokens)).toEqual([-900, -900, -900, -900]);
    for (const random of [0, 0.3, 0.6, 0.99]) {
      const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId, clock, random: () => random });
      expect((await limiter.tryAcquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } })).outcome).toBe('limited');
    }
  });

  test('creates a bucket that is not there, from the limits that are stored', async () => {
    const { admin, limiter, clock } = newAdmin(table);
    await admin.limits.set([rpm]);
    await admin.entities.create({ id: 'user-1', parentId: 'org-1' });

    await admin.buckets.block('user-1', 'gpt-4', { forMs: 1000 });

    const request = { entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } };
    expect((await limiter.tryAcquire(request)).outcome).toBe('limited');
    expect(await admin.buckets.show('user-1', 'gpt-4')).toMatchObject([{ parentId: 'org-1', shards: [{ expiresAt: expect.any(Date) }] }]);
    clock.advance(2000);
    expect((await limiter.tryAcquire(request)).outcome).toBe('allowed');
  });

  test('creates one that stays when the limits are the entity\'s own', async () => {
    const { admin } = newAdmin(table);
    await admin.limits.set([rpm], { entity: 'user-1', resource: 'gpt-4' });

    await admin.buckets.block('user-1', 'gpt-4', { forMs: 1000 });

    expect(await admin.buckets.show('user-1', 'gpt-4')).toMatchObject([{ shards: [{ expiresAt: undefined }] }]);
  });

  test('is lengthened by a later one, never shortened', async () => {
    const { buckets, clock, outcome } = await setUp();
    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });
    clock.advance(HOUR / 2);

    await buckets.block('user-1', 'gpt-4', { forMs: 1 });
    expect(await buckets.show('user-1', 'gpt-4')).toMatchObject([{ blocked: { until: new Date('2100-01-01T01:00:00Z') } }]);
    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });
    clock.advance(HOUR - 1);

    expect(await outcome({ rpm: 1 })).toBe('limited');
    clock.advance(1001);
    expect(await outcome({ rpm: 1 })).toBe('allowed');
  });

  test('that is ended leaves the bucket empty, with refill from then on', async () => {
    const { admin, buckets, clock, outcome } = await setUp();
    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });
    clock.advance(1234);

    expect(await buckets.unblock('user-1', 'gpt-4')).toBe(true);

    expect((await buckets.show('user-1', 'gpt-4'))[0]).toMatchObject({ blocked: undefined, limits: [{ tokens: 0 }, { tokens: 0 }] });
    expect(await outcome({ rpm: 1 })).toBe('limited');
    clock.advance(1000);
    expect(await outcome({ rpm: 1 })).toBe('allowed');
    expect(await buckets.unblock('user-1', 'gpt-4')).toBe(false);
    expect((await admin.audit.list({ entity: 'user-1' }).toArray()).map(({ action }) => action)).toEqual(['bucket_unblocked', 'bucket_blocked']);
  });

  test('is ended by a reset, which fills the bucket', async () => {
    const { buckets, outcome, clock } = await setUp();
    await buckets.block('user-1', 'gpt-4', { forMs: HOUR });

    await buckets.reset('user-1', 'gpt-4');

    clock.advance(251);
    expect(await outcome({ rpm: 60 })).toBe('allowed');
  });

  test('needs limits to create a bucket from', async () => {
    await expect(newAdmin(table).admin.buckets.block('user-1', 'gpt-4', { forMs: 1 })).rejects.toMatchObject({ code: 'NO_LIMITS_CONFIGURED' });
  });

  test('cannot be longer than its debt fits into the table', async () => {
    const { admin } = newAdmin(table);
    await admin.limits.set([Limit.perSecond('rps', 999_999_999_999)]);

    await expect(admin.buckets.block('user-1', 'gpt-4', { forMs: 60_000 })).rejects.toMatchObject({ field: 'forMs', reason: 'too_large', message: expect.stringContaining('at most 9006') });
    await admin.buckets.block('user-1', 'gpt-4', { forMs: 9006 });
  });

  test.each([
    [{ forMs: 0 }, 'forMs', 'not_positive'], [{ forMs: 1.5 }, 'forMs', 'not_an_integer'], [{ forMs: 1e13 }, 'forMs', 'too_large'],
    [{ forMs: 1, reason: 'x'.repeat(257) }, 'reason', 'too_long'], [{ forMs: 1, reason: 5 as never }, 'reason', 'type'],
    [{ forMs: 1, principal: '#' }, 'principal', 'hash'],
  ])('rejects %j', async (options, field, reason) => {
    const { buckets } = await setUp();

    await expect(buckets.block('user-1', 'gpt-4', options)).rejects.toMatchObject({ field, reason });
  });
});

describe('a bucket with too many shards', () => {
  test('W1: becomes one again, without a token more than it had, and with all its debts', async () => {
    const { admin, buckets, namespaceId, clock } = await setUp();
    await split(namespaceId, [5000, 60_000, -2000, undefined]);
    clock.advance(1000);

    expect(await buckets.resetShards('user-1', 'gpt-4', { principal: 'ops' })).toBe(2);

    const [bucket] = await buckets.show('user-1', 'gpt-4');
    expect(bucket).toMatchObject({ shardCount: 1, shards: [{ shard: 0 }] });
    expect(bucket!.limits.find(({ name }) => name === 'rpm')).toMatchObject({ tokens: 5 + 0.25 - 1.75, capacity: 60 });
    expect(await table.store.get(keyOf(namespaceId, 1), { consistent: true })).toBeUndefined();
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toEqual([{
      action: 'bucket_shards_reset', entity: 'user-1', resource: 'gpt-4', principal: 'ops', details: { shard_count: 4, records_deleted: 2 },
    }]);
    expect(await buckets.resetShards('user-1', 'gpt-4')).toBe(0);
  });

  test('W1: credits the time before by the share, not by the whole rate', async () => {
    const { buckets, namespaceId, clock } = await setUp();
    await split(namespaceId, Array.from({ length: 6 }, () => 0));
    clock.advance(6000);

    await buckets.resetShards('user-1', 'gpt-4');

    expect((await buckets.show('user-1', 'gpt-4'))[0]!.limits).toContainEqual(expect.objectContaining({ name: 'rpm', tokens: 1 }));
  });

  test('W1: loses shards that shard 0 does not count, also a thousand of them', async () => {
    const store = new MemoryStore();
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: 'ns1', clock: new FakeClock() });
    await limiter.acquire({ ...REQUEST, consume: { rpm: 10 } });
    await split('ns1', Array.from({ length: 1024 }, () => 100), store);

    expect(await limiter.admin.buckets.resetShards('user-1', 'gpt-4')).toBe(1023);

    expect((await store.describe()).itemCount).toBe(2); // the bucket and the event
  });

  test('W1: takes debts over once, also when the first call died in between', async () => {
    const { buckets, namespaceId } = await setUp();
    await split(namespaceId, [5000, -2000]);
    const dying: Store = Object.assign(Object.create(table.store) as Store, { deleteMany: async () => { throw new Error('the process died'); } });

    await expect(new Admin({ store: dying, namespaceId, clock: new FakeClock() }).buckets.resetShards('user-1', 'gpt-4')).rejects.toThrow('died');
    expect(await buckets.resetShards('user-1', 'gpt-4')).toBe(1);

    expect((await stateOf(table.store, namespaceId)).limits.get('rpm')).toMatchObject({ tokens: 3000 });
  });

  test('loses stray shards when shard 0 is gone', async () => {
    const { buckets, namespaceId } = await setUp();
    await split(namespaceId, [0, 0]);
    await table.store.deleteMany([keyOf(namespaceId, 0)]);

    expect(await buckets.resetShards('user-1', 'gpt-4')).toBe(1);
    expect(await buckets.show('user-1')).toEqual([]);
  });
});

describe('the capacity of a resource', () => {
  test('W15: counts shards by their shares, and groups them by entity', async () => {
    const { buckets, limiter, namespaceId, clock } = await setUp({ rpm: 30 });
    await split(namespaceId, [10_000, 5000]);
    await limiter.acquire({ ...REQUEST, entity: 'user-2', consume: { rpm: 45 } });
    await limiter.acquire({ ...REQUEST, entity: 'user-3', resource: 'gpt-4o', consume: { rpm: 45 } });
    await limiter.acquire({ ...REQUEST, entity: 'user-4', limits: [tpm], consume: { tpm: 1 } });
    clock.advance(1000);

    expect(await buckets.capacity({ resource: 'gpt-4', limit: 'rpm' })).toEqual({
      resource: 'gpt-4', limit: 'rpm', totalCapacity: 120, totalAvailable: 32, utilizationPercent: expect.closeTo(73.33, 1),
      entities: [
        { entity: 'user-1', capacity: 60, available: 16, utilizationPercent: expect.closeTo(73.33, 1) },
        { entity: 'user-2', capacity: 60, available: 16, utilizationPercent: expect.closeTo(73.33, 1) },
      ],
    });
  });

  test('leaves out entities that have a parent when it is asked to', async () => {
    const { admin, buckets, limiter } = await setUp();
    await admin.entities.create({ id: 'user-2', parentId: 'org-1' });
    await admin.entities.create({ id: 'org-1' });
    for (const entity of ['user-2', 'org-1']) await limiter.acquire({ ...REQUEST, entity, consume: { rpm: 1 } });

    expect((await buckets.capacity({ resource: 'gpt-4', limit: 'rpm', parentsOnly: true })).entities.map(({ entity }) => entity)).toEqual(['org-1', 'user-1']);
    expect((await buckets.capacity({ resource: 'gpt-4', limit: 'rpm' })).entities).toHaveLength(3);
  });

  test('W35: counts every bucket, however many there are', async () => {
    const { limiter, buckets } = await setUp();
    await Promise.all(Array.from({ length: 110 }, (_, at) => limiter.acquire({ ...REQUEST, entity: `many-${at}`, consume: { rpm: 1 } })));

    expect(await buckets.capacity({ resource: 'gpt-4', limit: 'rpm' })).toMatchObject({ totalCapacity: 111 * 60, totalAvailable: 50 + 110 * 59 });
  });

  test('is nothing where nothing is', async () => {
    expect(await newAdmin(table).admin.buckets.capacity({ resource: 'gpt-4', limit: 'rpm' })).toEqual({
      resource: 'gpt-4', limit: 'rpm', totalCapacity: 0, totalAvailable: 0, utilizationPercent: 0, entities: [],
    });
  });
});
