import { Admin, RateLimiter, type Store, type UsageFilter } from '@zae-limiter/client';
import { int } from '@zae-limiter/client/schema/attributes';
import { usageIdentity, usageKey, usageOrigin, type UsageWindow } from '@zae-limiter/client/schema/usage-item';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { putItem } from '../support/bucket';

let table: TestTable;

beforeAll(async () => {
  table = await connectTestTable();
  const add = (resource: string, window: UsageWindow, start: string, rpm: number, entity = 'user-1') =>
    putItem(table, usageKey(table.namespaceId, entity, resource, window, start), {
      ...usageIdentity(table.namespaceId, entity, resource, start),
      ...usageOrigin(table.namespaceId, entity, resource, window, start),
      rpm: int(rpm), total_events: int(1), ttl: int(1), _wm0: { S: 'label|1' },
    });
  await add('gpt-4', 'hourly', '2026-01-01T00:00:00Z', 1);
  await add('gpt-4', 'hourly', '2026-01-01T01:00:00Z', 2);
  await add('gpt-4', 'daily', '2026-01-01T00:00:00Z', 3);
  await add('gpt-4o', 'daily', '2026-01-01T00:00:00Z', 4);
  await add('gpt-4', 'hourly', '2026-01-01T01:00:00Z', 5, 'user-2');
  await add('gpt-4', 'monthly', '2026-02-01T00:00:00Z', 6, 'user-2');
});

const usage = () => new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId }).admin.usage;

async function counted(filter: UsageFilter): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { resource, counters } of usage().list({ entity: 'user-1', ...filter })) found.push([resource, counters.rpm]);
  return found;
}

describe('usage', () => {
  test('W18: of the hour after midnight is another than that of the day', async () => {
    expect(await counted({ resource: 'gpt-4' })).toEqual([['gpt-4', 2], ['gpt-4', 3], ['gpt-4', 1]]);
  });

  test.each([
    ['every resource', {}, 4],
    ['one resource, and none whose name begins like it', { resource: 'gpt-4' }, 3],
    ['one window', { window: 'daily' }, 2],
    ['one window of one resource', { resource: 'gpt-4o', window: 'daily' }, 1],
    ['a window without usage', { window: 'monthly' }, 0],
  ] as const)('is listed for %s', async (_, filter, count) => {
    expect(await counted(filter)).toHaveLength(count);
  });

  test.each([
    ['from a time on', { resource: 'gpt-4', start: '2026-01-01T00:30:00Z' }, [2]],
    ['up to a time, itself included', { resource: 'gpt-4', end: new Date('2026-01-01T00:00:00Z') }, [3, 1]],
    ['between two times', { resource: 'gpt-4', start: '2026-01-01T01:00:00Z', end: '2026-01-01T01:00:00Z' }, [2]],
    ['from a time without a zone, which is UTC', { resource: 'gpt-4', start: '2026-01-01T01:00:00' }, [2]],
    ['on every resource', { start: '2026-01-01', end: '2026-01-01T00:59:59Z' }, [4, 3, 1]],
    ['of every entity of a resource', { entity: undefined, resource: 'gpt-4', window: 'hourly' }, expect.arrayContaining([2, 5, 1])],
    ['of every entity of a resource, from a time on', { entity: undefined, resource: 'gpt-4', start: '2026-01-01T02:00:00Z' }, [6]],
    ['of every entity of a resource, up to a time', { entity: undefined, resource: 'gpt-4', end: '2026-01-01T00:00:00Z' }, expect.arrayContaining([1, 3])],
  ] as [string, UsageFilter, unknown][])('is listed %s', async (_, filter, expected) => {
    expect((await counted(filter)).map((entry) => (entry as unknown[])[1])).toEqual(expected);
  });

  test('comes in pages, newest first', async () => {
    const filter = { resource: 'gpt-4', window: 'hourly' } as const;
    const { items, cursor } = await usage().list(filter).page({ limit: 2 });
    const rest = await usage().list(filter).page({ cursor });

    expect(items.map(({ windowStart }) => windowStart)).toEqual(['2026-01-01T01:00:00Z', '2026-01-01T01:00:00Z']);
    expect(rest).toMatchObject({ items: [{ windowStart: '2026-01-01T00:00:00Z' }], cursor: undefined });
  });

  test.each([
    ['of nobody and nothing', {}, { field: 'entity', reason: 'missing' }], ['in an unknown window', { entity: 'a', window: 'weekly' as never }, { field: 'window' }],
    ['from a time that is none', { entity: 'a', start: 'yesterday' }, { field: 'start', reason: 'format' }],
    ['up to a time that is none', { entity: 'a', end: new Date(NaN) }, { field: 'end' }],
  ])('rejects that %s', (_, filter, error) => {
    expect(() => usage().list(filter)).toThrow(expect.objectContaining(error));
  });

  test('W46: is summed up over windows of one length', async () => {
    expect(await usage().summary({ entity: 'user-1', resource: 'gpt-4', window: 'hourly' })).toEqual({
      window: 'hourly', snapshots: 2, totals: { rpm: 3 }, averages: { rpm: 1.5 }, firstWindow: '2026-01-01T00:00:00Z', lastWindow: '2026-01-01T01:00:00Z',
    });
    expect(await usage().summary({ resource: 'gpt-4', window: 'hourly', start: '2026-01-01T01:00:00Z' })).toMatchObject({ snapshots: 2, totals: { rpm: 7 } });
    expect(await usage().summary({ entity: 'user-9', window: 'daily' })).toEqual({
      window: 'daily', snapshots: 0, totals: {}, averages: {}, firstWindow: undefined, lastWindow: undefined,
    });
  });

  test('W46: is not summed up over hours and days together', async () => {
    await expect(usage().summary({ entity: 'user-1' } as never)).rejects.toMatchObject({ field: 'window', reason: 'missing' });
  });

  test('W46: is summed up however many windows there are', async () => {
    const snapshot = { window: { S: 'hourly' }, window_start: { S: '2026-01-01T00:00:00Z' }, rpm: int(1) };
    const store = Object.assign(Object.create(table.store) as Store, {
      async *query() { for (let at = 0; at < 12_000; at++) yield { PK: { S: 'x' }, SK: { S: 'x' }, ...snapshot }; },
    });

    expect(await new Admin({ store, namespaceId: 'x' }).usage.summary({ entity: 'user-1', window: 'hourly' })).toMatchObject({ snapshots: 12_000, totals: { rpm: 12_000 } });
  });

  test('rejects a bad identifier', async () => {
    await expect(counted({ resource: 'a#b' })).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
  });
});
