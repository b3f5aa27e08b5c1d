import { Admin, Limit, type Store } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { text } from '@zae-limiter/client/schema/attributes';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { newAdmin, put, shown } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

const rpm = Limit.perMinute('rpm', 100, { burst: 150 });
const asDetail = { name: 'rpm', capacity: 150, refill_amount: 100, refill_period_seconds: 60 };

describe('the audit of limits', () => {
  test('says what was set and removed, for each level in its own words', async () => {
    const { admin, clock } = newAdmin(table);
    const { limits, audit } = admin;
    const scopes = [{}, { resource: 'gpt-4' }, { entity: 'user-1', resource: 'gpt-4' }];

    for (const scope of scopes) await limits.set([rpm], scope, 'resource' in scope ? {} : { onUnavailable: 'allow' });
    clock.advance(1000);
    for (const scope of scopes) await limits.delete(scope, { principal: 'ops' });

    const events = (entity: string, resource: string | undefined, set: object, deleted: object) => [
      { action: 'limits_deleted', entity, resource, principal: 'ops', details: deleted }, { action: 'limits_set', entity, resource, principal: undefined, details: set },
    ];
    expect(shown(await audit.list().toArray())).toEqual(events('$SYSTEM', undefined, { limits: [asDetail], on_unavailable: 'allow' }, { limits: ['rpm'], on_unavailable: 'allow' }));
    expect(shown(await audit.list({ resource: 'gpt-4' }).toArray())).toEqual(events('$RESOURCE:gpt-4', 'gpt-4', { limits: [asDetail] }, {}));
    expect(shown(await audit.list({ entity: 'user-1' }).toArray())).toEqual(events('user-1', 'gpt-4', { limits: [asDetail] }, {}));
  });

  test('says nothing of a removal where nothing was', async () => {
    const { admin } = newAdmin(table);

    await admin.limits.delete({ resource: 'gpt-4' });
    await admin.limits.delete();

    expect(await admin.audit.list({ resource: 'gpt-4' }).toArray()).toEqual([]);
    expect(await admin.audit.list({ system: true }).toArray()).toEqual([]);
  });

  test('is written with the change or not at all', async () => {
    const { namespaceId } = newAdmin(table);
    const writes: unknown[][] = [];
    const watched: Store = Object.assign(Object.create(table.store) as Store, {
      transact: async (all: Parameters<Store['transact']>[0]) => { writes.push([...all]); return table.store.transact(all); },
    });

    await new Admin({ store: watched, namespaceId }).limits.set([rpm], { resource: 'gpt-4' });

    expect(writes).toEqual([[
      expect.objectContaining({ update: expect.objectContaining({ key: { pk: `${namespaceId}/RESOURCE#gpt-4`, sk: '#CONFIG' } }) }),
      expect.objectContaining({ update: expect.objectContaining({ key: { pk: `${namespaceId}/SYSTEM#`, sk: '#RESOURCES' } }) }),
      { put: expect.objectContaining({ action: text('limits_set') }) },
    ]]);
  });
});

describe('an audit event', () => {
  test('W37: is kept as long as the namespace says, or ninety days', async () => {
    const { admin, namespaceId } = newAdmin(table);
    const ttl = async (resource: string) => {
      await admin.limits.set([rpm], { resource });
      for await (const item of table.store.query({ partition: `${namespaceId}/AUDIT#$RESOURCE:${resource}` })) return (item.ttl as { N: string }).N;
      return undefined;
    };
    const seconds = Date.UTC(2100, 0, 1) / 1000;

    expect(await ttl('gpt-4')).toBe(String(seconds + 90 * 86_400));
    await new Registry(table.store, new FakeClock()).setAuditRetention(namespaceId, 7);
    expect(await ttl('gpt-5')).toBe(String(seconds + 7 * 86_400));
  });

  test('names who made the change: the call says it, else the admin', async () => {
    const { namespaceId } = newAdmin(table);
    const admin = new Admin({ store: table.store, namespaceId, principal: 'arn:aws:iam::123456789012:user/ops', clock: new FakeClock() });

    await admin.limits.set([rpm], { resource: 'gpt-4' });
    await admin.limits.set([rpm], { resource: 'gpt-5' }, { principal: 'ada' });

    expect(await admin.audit.list({ resource: 'gpt-4' }).toArray()).toMatchObject([{ principal: 'arn:aws:iam::123456789012:user/ops', timestamp: '2100-01-01T00:00:00Z' }]);
    expect(await admin.audit.list({ resource: 'gpt-5' }).toArray()).toMatchObject([{ principal: 'ada', id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/) }]);
  });

  test('is not made of what has no action', async () => {
    const { admin, namespaceId } = newAdmin(table);
    await put(table.store, { PK: text(`${namespaceId}/AUDIT#user-1`), SK: text('#AUDIT#0') });
    await put(table.store, { PK: text(`${namespaceId}/AUDIT#user-1`), SK: text('#AUDIT#1'), action: text('entity_created') });

    expect(await admin.audit.list({ entity: 'user-1' }).toArray()).toHaveLength(1);
  });

  test('is found in pages', async () => {
    const { admin, clock } = newAdmin(table);
    for (let at = 0; at < 5; at++) {
      await admin.limits.set([Limit.perMinute('rpm', at + 1)], { resource: 'gpt-4' });
      clock.advance(1);
    }

    const first = await admin.audit.list({ resource: 'gpt-4' }).page({ limit: 3 });
    const second = await admin.audit.list({ resource: 'gpt-4' }).page({ limit: 3, cursor: first.cursor });

    const capacities = [...first.items, ...second.items].map(({ details }) => (details.limits as { capacity: number }[])[0]!.capacity);
    expect(capacities).toEqual([5, 4, 3, 2, 1]);
    expect(second.cursor).toBeUndefined();
  });

  test.each([[{ entity: '$SYSTEM' }], [{ resource: 'a#b' }], [{ entity: undefined as never }]])('of %j cannot be asked for', (filter) => {
    expect(() => newAdmin(table).admin.audit.list(filter)).toThrow(expect.objectContaining({ code: 'INVALID_IDENTIFIER' }));
  });
});
