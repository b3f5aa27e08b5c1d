import { Limit } from '@zae-limiter/client';
import { countItems, entityLimits, namespaceAuditEvents } from '@zae-limiter/client/admin';
import { text } from '@zae-limiter/client/schema/attributes';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { keysOf, newAdmin, put } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

const limits = [Limit.perMinute('rpm', 100)];

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** A namespace with a change of each kind, one a second. */
async function changed() {
  const made = newAdmin(table);
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
    const { admin, namespaceId } = await changed();

    expect(await admin.entities.erase('user-1', { principal: 'ops' })).toEqual({ items: 3, auditEvents: 3 });

    expect((await keysOf(table.store, namespaceId)).filter((key) => key.includes('user-1'))).toEqual([]);
    const events = await admin.audit.list({ system: true }).toArray();
    expect(events[0]).toMatchObject({ action: 'entity_deleted', entity: '$SYSTEM', principal: 'ops', details: { erased: true, records_deleted: 6 } });
    expect(JSON.stringify(events)).not.toContain('user-1');
  });

  test('is erased to its end by another call, and then there is nothing to do', async () => {
    const { admin } = await changed();
    await admin.entities.delete('user-1');

    expect(await admin.entities.erase('user-1')).toEqual({ items: 0, auditEvents: 3 });
    expect(await admin.entities.erase('user-1')).toEqual({ items: 0, auditEvents: 0 });
    expect(await admin.audit.list({ system: true }).toArray()).toHaveLength(2);
  });

  test('must have a valid id', async () => {
    await expect(newAdmin(table).admin.entities.erase('no id')).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
  });
});

describe('entities of a prefix', () => {
  test('are listed alone, and their cursor is of their list', async () => {
    const { admin } = newAdmin(table);
    for (const id of ['app-1', 'user-1', 'user-2', 'zoo']) await admin.entities.create({ id });

    const list = admin.entities.list({ prefix: 'user-' });

    expect((await list.toArray()).map(({ id }) => id)).toEqual(['user-1', 'user-2']);
    const { cursor } = await list.page({ limit: 1 });
    expect((await list.page({ cursor })).items).toMatchObject([{ id: 'user-2' }]);
    await expect(admin.entities.list({ prefix: 'app-' }).page({ cursor })).rejects.toMatchObject({ field: 'cursor' });
  });
});

describe('audit events of a range', () => {
  test('begin behind an event, and end at a time, itself included', async () => {
    const { admin, clock } = await changed();
    const [newest, oldest] = await admin.audit.list({ entity: 'user-1' }).toArray();

    expect(await admin.audit.list({ entity: 'user-1' }, { after: newest!.id }).toArray()).toEqual([oldest]);
    expect(await admin.audit.list({ entity: 'user-1' }, { since: new Date(clock.now() - 1000) }).toArray()).toEqual([newest]);
    expect(await admin.audit.list({ entity: 'user-1' }, { since: new Date(clock.now() - 2000) }).toArray()).toEqual([newest, oldest]);
    expect(await admin.audit.list({ entity: 'user-1' }, { since: new Date(clock.now()) }).toArray()).toEqual([]);
  });

  test('of a whole namespace are in the order of their times', async () => {
    const { namespaceId, clock } = await changed();

    const events = await all(namespaceAuditEvents(table.store, namespaceId));

    expect(events.map(({ action, entity }) => `${action} ${entity}`)).toEqual([
      'limits_set user-1', 'entity_created user-1', 'limits_set $RESOURCE:gpt-4', 'limits_set $SYSTEM',
    ]);
    expect(await all(namespaceAuditEvents(table.store, namespaceId, { after: events[1]!.id }))).toEqual(events.slice(2));
    expect(await all(namespaceAuditEvents(table.store, namespaceId, { since: new Date(clock.now() - 2000) }))).toEqual(events.slice(0, 2));
  });
});

describe('what an operator asks of a namespace', () => {
  test('are its items by kind', async () => {
    const { namespaceId } = await changed();

    const counts = { entities: 1, limits: 3, buckets: 1, usage: 0, auditEvents: 4, others: 2, total: 11 };
    expect(await countItems(table.store, namespaceId)).toEqual(counts);
  });

  test('are all limits of an entity, also those that a provisioner of the Python library stored (W38)', async () => {
    const { admin, namespaceId } = await changed();
    await admin.limits.set([Limit.perMinute('rpm', 5)], { entity: 'user-1' });
    const numbers = { l_rpm_cp: { N: '7' }, l_rpm_ra: { N: '7' }, l_rpm_rp: { N: '60' } };
    await put(table.store, { PK: text(`${namespaceId}/ENTITY#user-1`), SK: text('#CONFIG#other'), ...numbers });

    expect(await entityLimits(table.store, namespaceId, 'user-1')).toEqual([
      { resource: '_default_', limits: [Limit.perMinute('rpm', 5)] }, { resource: 'gpt-4', limits },
      { resource: 'other', limits: [Limit.perMinute('rpm', 7)] },
    ]);
  });
});
