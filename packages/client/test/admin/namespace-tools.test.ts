import { Limit } from '@zae-limiter/client';
import { countItems, entityLimits, namespaceAuditEvents } from '@zae-limiter/client/admin';
import { text } from '@zae-limiter/client/schema/attributes';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { newAdmin, put } from '../support/admin';

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

describe('audit events', () => {
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
