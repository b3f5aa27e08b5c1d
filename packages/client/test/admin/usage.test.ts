import { RateLimiter, type UsageFilter } from '@zae-limiter/client';
import { int } from '@zae-limiter/client/schema/attributes';
import { usageIdentity, usageKey, usageOrigin, type UsageWindow } from '@zae-limiter/client/schema/usage-item';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { putItem } from '../support/bucket';

let table: TestTable;

beforeAll(async () => {
  table = await connectTestTable();
  const add = (resource: string, window: UsageWindow, start: string, rpm: number) =>
    putItem(table, usageKey(table.namespaceId, 'user-1', resource, window, start), {
      ...usageIdentity(table.namespaceId, 'user-1', resource, start),
      ...usageOrigin(table.namespaceId, 'user-1', resource, window, start),
      rpm: int(rpm), total_events: int(1), ttl: int(1), _wm0: { S: 'label|1' },
    });
  await add('gpt-4', 'hourly', '2026-01-01T00:00:00Z', 1);
  await add('gpt-4', 'hourly', '2026-01-01T01:00:00Z', 2);
  await add('gpt-4', 'daily', '2026-01-01T00:00:00Z', 3);
  await add('gpt-4o', 'daily', '2026-01-01T00:00:00Z', 4);
});

async function counted(filter: Omit<UsageFilter, 'entity'>): Promise<unknown[]> {
  const limiter = new RateLimiter({ store: table.store, namespaceId: table.namespaceId });
  const found: unknown[] = [];
  for await (const { resource, counters } of limiter.admin.usage.list({ entity: 'user-1', ...filter })) found.push([resource, counters.rpm]);
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

  test('rejects a bad identifier', async () => {
    await expect(counted({ resource: 'a#b' })).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
  });
});
