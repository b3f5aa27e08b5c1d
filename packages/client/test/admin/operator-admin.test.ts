import { Limit } from '@zae-limiter/client';
import { namespaceById, OperatorAdmin } from '@zae-limiter/client/admin';
import { int, text, type Item } from '@zae-limiter/client/schema/attributes';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { keysOf, newAdmin, put, shown } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

/** A namespace of the test's own, as a tool of an operator sees it. */
function newOperator() {
  const found = newAdmin(table);
  return { ...found, operator: new OperatorAdmin({ store: table.store, namespaceId: found.namespaceId, clock: found.clock, principal: 'ops' }) };
}

const rpm = Limit.perMinute('rpm', 60);
const tpm = Limit.perMinute('tpm', 600, { burst: 1200 });
const limits = [rpm, tpm];
const REQUEST = { entity: 'user-1', resource: 'gpt-4', limits };

const keyOf = (namespaceId: string, shard: number) => ({ pk: `${namespaceId}/BUCKET#user-1#gpt-4#${shard}`, sk: '#STATE' });
const stateOf = async (namespaceId: string, shard = 0) =>
  parseBucket((await table.store.get(keyOf(namespaceId, shard), { consistent: true }))!);

/** A bucket from which something was taken. */
async function setUp() {
  const found = newOperator();
  await found.limiter.acquire({ ...REQUEST, consume: { rpm: 10, tpm: 200 } });
  return { ...found, buckets: found.admin.buckets };
}

/** Splits the bucket into shards; each holds these millitokens, the ones without a balance are missing. */
async function split(namespaceId: string, balances: readonly number[]): Promise<void> {
  const first = (await table.store.get(keyOf(namespaceId, 0), { consistent: true }))!;
  for (const [shard, tokens] of balances.entries()) {
    const own: Item = {
      ...first, PK: text(keyOf(namespaceId, shard).pk), GSI3SK: text(`BUCKET#gpt-4#${shard}`), GSI4SK: text(`BUCKET#user-1#gpt-4#${shard}`),
      shard_count: int(balances.length), b_rpm_tk: int(tokens), b_tpm_tk: int(tokens), rf: int(Date.UTC(2100, 0, 1)),
    };
    await put(table.store, own);
  }
}

/** A namespace with a change of each kind, one a second. */
async function changed() {
  const made = newOperator();
  const { admin, limiter, clock } = made;
  for (const change of [
    () => admin.limits.set(limits),
    () => admin.limits.set(limits, { resource: 'gpt-4' }),
    () => admin.entities.create({ id: 'user-1' }),
    () => admin.limits.set(limits, { entity: 'user-1', resource: 'gpt-4' }),
  ]) {
    await change();
    clock.advance(1000);
  }
  await (await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } })).commit();
  return made;
}

describe('an erased entity', () => {
  test('leaves nothing with its id, and a record that does not name it', async () => {
    const { admin, operator, namespaceId } = await changed();

    expect(await operator.erase('user-1')).toEqual({ items: 3, auditEvents: 3 });

    expect((await keysOf(table.store, namespaceId)).filter((key) => key.includes('user-1'))).toEqual([]);
    const events = await admin.audit.list({ system: true }).toArray();
    expect(events[0]).toMatchObject({ action: 'entity_deleted', entity: '$SYSTEM', principal: 'ops', details: { erased: true, records_deleted: 6 } });
    expect(JSON.stringify(events)).not.toContain('user-1');
  });

  test('is erased to its end by another call, and then there is nothing to do', async () => {
    const { admin, operator } = await changed();
    await admin.entities.delete('user-1');

    expect(await operator.erase('user-1')).toEqual({ items: 0, auditEvents: 3 });
    expect(await operator.erase('user-1')).toEqual({ items: 0, auditEvents: 0 });
    expect(await admin.audit.list({ system: true }).toArray()).toHaveLength(2);
  });

  test('must have a valid id', async () => {
    await expect(newOperator().operator.erase('no id')).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
  });
});

describe('entities of a prefix', () => {
  test('are listed alone, and their cursor is of their list', async () => {
    const { admin, operator } = newOperator();
    for (const id of ['app-1', 'user-1', 'user-2', 'zoo']) await admin.entities.create({ id });

    const list = operator.entitiesFrom('user-');

    expect((await list.toArray()).map(({ id }) => id)).toEqual(['user-1', 'user-2']);
    const { cursor } = await list.page({ limit: 1 });
    expect((await list.page({ cursor })).items).toMatchObject([{ id: 'user-2' }]);
    await expect(operator.entitiesFrom('app-').page({ cursor })).rejects.toMatchObject({ field: 'cursor' });
  });
});

describe('audit events of a range', () => {
  test('begin behind an event, and end at a time, itself included', async () => {
    const { operator, clock } = await changed();
    const [newest, oldest] = await operator.events({ entity: 'user-1' }).toArray();

    expect(await operator.events({ entity: 'user-1' }, { after: newest!.id }).toArray()).toEqual([oldest]);
    expect(await operator.events({ entity: 'user-1' }, { since: new Date(clock.now() - 1000) }).toArray()).toEqual([newest]);
    expect(await operator.events({ entity: 'user-1' }, { since: new Date(clock.now() - 2000) }).toArray()).toEqual([newest, oldest]);
    expect(await operator.events({ entity: 'user-1' }, { since: new Date(clock.now()) }).toArray()).toEqual([]);
  });

});

describe('a refund', () => {
  test('gives back what was taken, counts it as not consumed, and is audited', async () => {
    const { admin, buckets, operator } = await setUp();

    expect(await operator.refund('user-1', 'gpt-4', { rpm: 4, tpm: 150 })).toEqual({ rpm: 4, tpm: 150 });

    const [bucket] = await buckets.show('user-1', 'gpt-4');
    expect(bucket!.limits).toEqual([expect.objectContaining({ name: 'rpm', tokens: 54, totalConsumed: 6 }), expect.objectContaining({ name: 'tpm', tokens: 1150, totalConsumed: 50 })]);
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toEqual([{
      action: 'bucket_refunded', entity: 'user-1', resource: 'gpt-4', principal: 'ops', details: { given: { rpm: 4, tpm: 150 } },
    }]);
  });

  test('W39: never fills a limit above its capacity, refill that is due included', async () => {
    const { admin, buckets, clock, operator } = await setUp();
    clock.advance(7500);

    expect(await operator.refund('user-1', 'gpt-4', { rpm: 10 })).toEqual({ rpm: 2.5 });
    expect(await operator.refund('user-1', 'gpt-4', { rpm: 10 })).toEqual({ rpm: 0 });
    expect(await admin.audit.list({ entity: 'user-1' }).toArray()).toHaveLength(1);
    expect((await buckets.show('user-1', 'gpt-4'))[0]!.limits[0]).toMatchObject({ name: 'rpm', tokens: 60 });
  });

  test('W15: goes to the shards that have room for it', async () => {
    const { namespaceId, operator } = await setUp();
    await split(namespaceId, [30_000, 10_000]);

    expect(await operator.refund('user-1', 'gpt-4', { rpm: 5 })).toEqual({ rpm: 5 });

    expect((await stateOf(namespaceId)).limits.get('rpm')!.tokens).toBe(30_000);
    expect((await stateOf(namespaceId, 1)).limits.get('rpm')!.tokens).toBe(15_000);
  });

  test('without a bucket does nothing and says nothing', async () => {
    const { admin, operator } = newOperator();

    expect(await operator.refund('user-1', 'gpt-4', { rpm: 1 })).toBeUndefined();
    expect(await admin.audit.list({ entity: 'user-1' }).toArray()).toEqual([]);
  });

  test.each([
    ['a limit that the bucket does not have', { rpm: 1, rps: 1 }, 'UNKNOWN_LIMIT'],
    ['a name that is none', { 'a#b': 1 }, 'INVALID_NAME'],
    ['a part of a token', { rpm: 0.5 }, 'VALIDATION_FAILED'],
    ['a negative amount', { rpm: -1 }, 'VALIDATION_FAILED'],
    ['an amount beyond every limit', { rpm: 1e12 }, 'VALIDATION_FAILED'],
  ])('of %s is refused', async (_, tokens, code) => {
    const { namespaceId, operator } = await setUp();

    await expect(operator.refund('user-1', 'gpt-4', tokens as Record<string, number>)).rejects.toMatchObject({ code });
    expect((await stateOf(namespaceId)).limits.get('rpm')!.tokens).toBe(50_000);
  });
});


test('entities that have a bucket of a resource are found', async () => {
  const { operator } = await setUp();

  expect([await operator.entitiesOn('gpt-4'), await operator.entitiesOn('gpt')]).toEqual([['user-1'], []]);
  await expect(operator.entitiesOn('a#b')).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
});

test('a refund gives up on a bucket that is credited each time between', async () => {
  const { namespaceId } = await setUp();
  const store = Object.assign(Object.create(table.store) as typeof table.store, { transact: async () => false });
  const contended = new OperatorAdmin({ store, namespaceId });

  await expect(contended.refund('user-1', 'gpt-4', { rpm: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test('a namespace is found by its id, deleted or not', async () => {
  const { admin } = newAdmin(table);
  const name = `by-id-${Date.now()}`;
  const id = await admin.namespaces.register(name);
  await admin.namespaces.delete(name);

  expect(await namespaceById(table.store, id)).toMatchObject({ name, status: 'deleted' });
  expect(await namespaceById(table.store, 'nothing')).toBeUndefined();
});
