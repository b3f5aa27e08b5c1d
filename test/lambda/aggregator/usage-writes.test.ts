import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { UsageAdmin } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import { fromAttribute, int, text, type Item } from '@zae-limiter/client/schema/attributes';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import type { UsageWindow } from '@zae-limiter/client/schema/usage-item';
import type { Store, UpdateOutcome } from '@zae-limiter/client/store/store';
import { parseRecord } from '../../../lambda-src/aggregator/parse';
import { groupUsage, writeUsage, type UsageOutcome } from '../../../lambda-src/aggregator/usage';
import { connectTestTable, type TestTable } from '../../support/table';
import { vectors } from '../../support/vectors';
import { usageConfig } from '../support/batch';
import { AT, bucketRecord, type BucketRecordOptions } from '../support/bucket-record';
import { newTable } from '../support/new-table';
import { usageOf } from '../support/usage';

interface DeliveryInput {
  readonly deliveries: readonly (readonly DynamoDBRecord[])[];
  readonly windows: readonly UsageWindow[];
  readonly ttl_days: number;
}

interface Delivered {
  readonly outcomes: readonly (readonly { readonly key: { readonly PK: string; readonly SK: string }; readonly outcome: UsageOutcome }[])[];
  readonly items: readonly Readonly<Record<string, string | number>>[];
}

const idempotencyVectors = vectors<DeliveryInput, Delivered>('aggregator_recommended').filter(({ kind }) => kind === 'idempotency');

/** Groups of a batch. */
function groupsOf(records: readonly DynamoDBRecord[], windows: readonly UsageWindow[]) {
  return groupUsage(records.map(parseRecord).filter((change) => change !== undefined), usageConfig({ windows })).groups;
}

/** The only group of records that follow each other and fall into one hour. */
function groupOf(records: readonly BucketRecordOptions[]) {
  const [group, ...others] = groupsOf(records.map((record) => bucketRecord(record)), ['hourly']);
  expect(others).toEqual([]);
  return group!;
}

describe('deliveries', () => {
  test.each(idempotencyVectors)('F-06: have the outcomes and leave the items that the specification says: $title', async ({ input, expected }) => {
    const { store, items, client } = await newTable();

    const outcomes: { key: { PK: string; SK: string }; outcome: UsageOutcome }[][] = [];
    for (const delivery of input.deliveries) {
      outcomes.push([]);
      for (const group of groupsOf(delivery, input.windows)) {
        const outcome = await writeUsage(store, group, usageConfig({ retentionDays: input.ttl_days }));
        const SK = `#USAGE#gpt-4#${group.start}${group.window === 'hourly' ? '' : `#${group.window}`}`;
        outcomes.at(-1)!.push({ key: { PK: 'ns1/ENTITY#user-1', SK }, outcome });
      }
    }

    const plain = (item: Item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
    expect(outcomes).toEqual(expected.outcomes);
    expect((await items()).map(plain)).toEqual(expected.items);
    client.destroy();
  });
});

describe('writeUsage', () => {
  let table: TestTable;
  beforeAll(async () => {
    table = await connectTestTable();
  });
  afterAll(() => table.client.destroy());

  const usage = (entity: string) => usageOf(new UsageAdmin(table.store, table.namespaceId), { entity });
  const take = (entity: string, sequence: number, rpm: number): BucketRecordOptions => ({
    namespaceId: table.namespaceId, entity, sequence, before: { rpm: 0 }, after: { rpm: rpm * 1000 },
  });

  test.each<[string, readonly number[], readonly number[], UsageOutcome, number, number]>([
    ['new changes', [1], [2, 3], 'written', 1, 6],
    ['the same changes again', [1, 2, 3], [1, 2, 3], 'duplicate', 1, 6],
    ['older changes again', [1, 2, 3], [1, 2], 'duplicate', 1, 6],
    ['changes of which the first are booked', [1, 2], [1, 2, 3], 'partial', 2, 6],
    ['changes that begin with the last one booked', [1, 2], [2, 3], 'partial', 2, 6],
  ])('F-06: %s are booked once', async (name, first, second, outcome, calls, total) => {
    const entity = name.replaceAll(' ', '-');
    const deliver = (sequences: readonly number[]) =>
      writeUsage(table.store, groupOf(sequences.map((sequence) => take(entity, sequence, sequence))), usageConfig());
    await deliver(first);
    table.meter.take();

    const result = await deliver(second);

    expect(result).toBe(outcome);
    expect(table.meter.take()).toMatchObject({ operations: Array(calls).fill('UpdateItem') });
    expect(await usage(entity)).toMatchObject([{ counters: { rpm: total } }]);
  });

  test('F-06: shards of one entity are counted apart, each up to its own change', async () => {
    const shard = (number: number, sequence: number) => writeUsage(table.store, groupOf([{ ...take('sharded', sequence, 1), shard: number }]), usageConfig());
    await shard(0, 10);

    const outcomes = [await shard(1, 5), await shard(1, 5), await shard(0, 5)];

    expect(outcomes).toEqual(['written', 'duplicate', 'duplicate']);
    expect(await usage('sharded')).toMatchObject([{ counters: { rpm: 2 }, totalEvents: 2 }]);
  });

  test('F-05, W18: midnight books ten tokens at 00:10 and twenty at 05:10 as 10, 20 and 30', async () => {
    const midnight = Date.UTC(2031, 0, 15) / 1000;
    const records = [{ ...take('night', 1, 10), at: midnight + 600 }, { ...take('night', 2, 20), at: midnight + 5 * 3600 + 600 }];

    for (const group of groupsOf(records.map((record) => bucketRecord(record)), ['hourly', 'daily'])) await writeUsage(table.store, group, usageConfig());

    const found = (await usage('night')).map(({ window, windowStart, windowEnd, counters }) => ({ window, windowStart, windowEnd, rpm: counters.rpm }));
    expect(found).toEqual([
      { window: 'hourly', windowStart: '2031-01-15T05:00:00Z', windowEnd: '2031-01-15T05:59:59Z', rpm: 20 },
      { window: 'daily', windowStart: '2031-01-15T00:00:00Z', windowEnd: '2031-01-15T23:59:59Z', rpm: 30 },
      { window: 'hourly', windowStart: '2031-01-15T00:00:00Z', windowEnd: '2031-01-15T00:59:59Z', rpm: 10 },
    ]);
  });

  test('W7: names that expressions reserve, or cannot hold, are counted like others', async () => {
    const after = { 'a.b-c': 1000, 'size': 2000, 'name': 3000, 'status': 4000, '_x': 5000 };

    await writeUsage(table.store, groupOf([{ ...take('names', 1, 0), before: {}, after }]), usageConfig());

    expect(await usage('names')).toMatchObject([{ counters: { 'a.b-c': 1, 'size': 2, 'name': 3, 'status': 4, '_x': 5 }, totalEvents: 1 }]);
  });

  test('a snapshot that is there already keeps its origin and its expiry', async () => {
    const [PK, SK] = [`${table.namespaceId}/ENTITY#known`, '#USAGE#gpt-4#2030-03-05T14:00:00Z'];
    const origin = { window: text('hourly'), window_start: text('from python'), ttl: int(AT + 1), GSI4SK: text('kept'), resource: text('kept') };
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: { PK: { S: PK }, SK: { S: SK }, rpm: { N: '5' }, ...origin } as never }));

    const outcome = await writeUsage(table.store, groupOf([take('known', 1, 2)]), usageConfig());

    expect(outcome).toBe('written');
    expect(await table.store.get({ pk: PK, sk: SK })).toMatchObject({ ...origin, rpm: int(7), entity_id: text('known') });
  });
});

describe('a snapshot whose record of what is booked cannot be trusted', () => {
  test('F-06: a watermark that is no text leaves the snapshot alone: too little is better than twice', async () => {
    const { store, items, client } = await newTable();
    const [PK, SK] = ['ns1/ENTITY#user-1', '#USAGE#gpt-4#2030-03-05T14:00:00Z'];
    await client.send(new PutItemCommand({ TableName: store.tableName, Item: { PK: { S: PK }, SK: { S: SK }, _wm0: { N: '5' }, rpm: { N: '3' } } }));

    const outcome = await writeUsage(store, groupOf([{}]), usageConfig());

    expect(outcome).toBe('duplicate');
    expect(await items()).toEqual([{ PK: text(PK), SK: text(SK), _wm0: int(5), rpm: int(3) }]);
    client.destroy();
  });

  test.each<[string, (watermarks: readonly string[]) => UpdateOutcome[], UsageOutcome]>([
    ['changes that somebody else booked between the two calls are duplicates', ([first, second]) => [
      { applied: false, item: { _wm0: text(first!) } }, { applied: false, item: { _wm0: text(second!) } },
    ], 'duplicate'],
    ['changes that were refused without a word are tried once more, under the same condition', () => [
      { applied: false, item: undefined }, { applied: true, item: {} },
    ], 'partial'],
  ])('F-06: %s', async (_, answers, expected) => {
    const group = groupOf([{ sequence: 1 }, { sequence: 2, before: { rpm: 1000 }, after: { rpm: 2000 } }]);
    const outcomes = answers(group.changes.map(({ watermark }) => watermark));
    const updates: ItemUpdate[] = [];
    const store = {
      update: async (update: ItemUpdate) => {
        updates.push(update);
        return outcomes.shift();
      },
    } as unknown as Store;

    expect(await writeUsage(store, group, usageConfig())).toBe(expected);
    expect(outcomes).toEqual([]);
    expect(updates.every(({ conditions }) => conditions.length > 0)).toBe(true);
  });
});
