import { randomUUID } from 'node:crypto';
import { Limit, RateLimiter } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import { fromAttribute, type Item } from '@zae-limiter/client/schema/attributes';
import { bucketKey, splitUpdate } from '@zae-limiter/client/schema/bucket-item';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { parseRecord } from '../../../lambda-src/aggregator/parse';
import { propagate, propagationOf, propagationUpdates, type Propagation } from '../../../lambda-src/aggregator/propagate';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../support/table';
import { vectors } from '../../support/vectors';
import { deliver, usageOnly } from '../support/batch';
import { refusingStore } from '../support/refusing-store';

const CAP = 32;

describe('a growing number of shards', () => {
  interface Put {
    readonly Item: Readonly<Record<string, string | number | boolean>>;
  }
  interface Update {
    readonly Key: { readonly PK: string };
    readonly ExpressionAttributeValues: { readonly ':new': number };
  }
  type Expected = { readonly count: number; readonly update_item: readonly Update[]; readonly put_item: readonly Put[] };
  const cases = vectors<{ readonly record: DynamoDBRecord }, Expected>('aggregator').filter(({ kind }) => kind === 'propagate');

  const isClone = ({ conditions }: ItemUpdate): boolean => 'absent' in conditions[0]!;
  const written = ({ key, changes }: ItemUpdate): Record<string, unknown> => ({
    PK: key.pk, SK: key.sk, ...Object.fromEntries([...changes].map(([name, change]) => [name, 'set' in change && fromAttribute(change.set)])),
  });

  test.each(cases)('is written to the other shards as the reference writes it, but empty: $title', ({ input, expected }) => {
    const propagation = propagationOf(parseRecord(input.record)!);

    const updates = propagation === undefined ? [] : propagationUpdates(propagation, CAP);

    expect(updates).toHaveLength(expected.count);
    expect(updates.filter((update) => !isClone(update)).map(({ key, changes }) => [key.pk, changes.get('shard_count')]))
      .toEqual(expected.update_item.map(({ Key, ExpressionAttributeValues }) => [Key.PK, { set: { N: String(ExpressionAttributeValues[':new']) } }]));
    // The reference fills new shards: each doubling gives the entity up to half its capacity for nothing.
    const isBalance = (name: string): boolean => /^b_(?!wcu).*_tk$/.test(name);
    const empty = ({ Item }: Put) => Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, isBalance(name) ? 0 : value]));
    expect(updates.filter(isClone).map(written)).toEqual(expected.put_item.map(empty));
  });
});

describe('shards that follow the first', () => {
  let table: TestTable;
  let limiter: RateLimiter;
  beforeAll(async () => {
    table = await connectTestTable();
    limiter = await RateLimiter.open({ stack: table.name, namespace: table.namespace, client: table.client, timeoutMs: PATIENCE_MS });
    await limiter.admin.limits.set([Limit.perDay('rpd', 100)]);
  });
  afterAll(() => table.client.destroy());

  const keyOf = (entity: string, shard = 0) => ({ namespaceId: table.namespaceId, entity, resource: 'gpt-4', shard });
  const read = (entity: string, shard = 0): Promise<Item | undefined> => table.store.get(bucketKey(keyOf(entity, shard)), { consistent: true });
  const tokens = async (entity: string, shards: number): Promise<(number | undefined)[]> => {
    const items = await Promise.all(Array.from({ length: shards }, (_, shard) => read(entity, shard)));
    return items.map((item) => (item === undefined ? undefined : fromAttribute(item.b_rpd_tk!) as number));
  };

  const setCount = (entity: string, count: number, shard = 0): Promise<unknown> =>
    table.store.update({ key: bucketKey(keyOf(entity, shard)), changes: new Map([['shard_count', { set: { N: String(count) } }]]), conditions: [] });

  /** A bucket of 1 shard that is doubled, and the stream's record of that. */
  async function split(shardCount = 1): Promise<{ entity: string; record: DynamoDBRecord; propagation: Propagation }> {
    const entity = `entity-${randomUUID()}`;
    if (shardCount === 1) await limiter.acquire({ entity, resource: 'gpt-4', consume: { rpd: 30 } });
    const before = (await read(entity))!;
    await table.store.update(splitUpdate(keyOf(entity), shardCount));
    const record = {
      eventName: 'MODIFY', eventSourceARN: 'arn:aws:dynamodb:us-east-1:1:table/t/stream/2030-01-01T00:00:00.000',
      dynamodb: {
        Keys: { PK: before.PK, SK: before.SK }, OldImage: before, NewImage: (await read(entity))!,
        SequenceNumber: '1', ApproximateCreationDateTime: 1_900_000_000,
      },
    } as unknown as DynamoDBRecord;
    return { entity, record, propagation: propagationOf(parseRecord(record)!)! };
  }

  test('F-12: are written also when the change is alone in its batch', async () => {
    const { entity, record } = await split();

    const summary = await deliver([record], table.store);

    expect(summary).toMatchObject({ shardsPropagated: 1, snapshotsUpdated: 0, failures: [], poison: 0 });
    expect(await tokens(entity, 2)).toEqual([70_000, 0]);
    expect(summary.lines).toMatchObject([{ level: 'INFO', message: 'Shard count propagated', entity_id: entity, old_count: 1, new_count: 2, shards_updated: 1 }]);
  });

  test('start empty at the refill time of the first, so that together they hold and refill what one bucket does', async () => {
    const { entity, propagation } = await split();

    await propagate(table.store, propagation, CAP);

    expect(await tokens(entity, 2)).toEqual([70_000, 0]);
    expect(await read(entity, 1)).toMatchObject({ rf: propagation.change.after.rf, shard_count: { N: '2' }, b_wcu_tk: { N: '1000000' }, b_wcu_tc: { N: '0' } });
    expect(Object.keys((await read(entity, 1))!).filter((name) => name.startsWith('x_'))).toEqual([]);
  });

  test('are left alone by a second delivery, and are not thrown back by a late one', async () => {
    const { entity, propagation } = await split();
    await propagate(table.store, propagation, CAP);
    await setCount(entity, 8, 1);

    expect(await propagate(table.store, propagation, CAP)).toBe(0);
    expect((await read(entity, 1))!.shard_count).toEqual({ N: '8' });
  });

  test('learn the new count, and are created where one is missing that should be there', async () => {
    const { entity, propagation: { change } } = await split();
    const growTo = (count: number): Promise<unknown> => setCount(entity, count);
    const further: Propagation = { change, from: 2, to: 4 };

    await growTo(4);
    expect(await propagate(table.store, further, CAP)).toBe(3);
    expect(await tokens(entity, 5)).toEqual([70_000, 0, 0, 0, undefined]);
    await growTo(8);
    expect(await propagate(table.store, { ...further, from: 4, to: 8 }, CAP)).toBe(7);
    expect((await read(entity, 1))!.shard_count).toEqual({ N: '8' });
  });

  test('F-04: are created up to the cap and not beyond, whatever some client wrote, and the excess is an error in the log', async () => {
    const { entity, record } = await split();
    record.dynamodb!.NewImage!.shard_count = { N: '1048576' };
    await setCount(entity, 1_048_576);

    const summary = await deliver([record], table.store, { ...usageOnly(), sharding: { ...usageOnly().sharding, maxShardCount: 4 } });

    expect(summary).toMatchObject({ shardsPropagated: 3, shardCapExceeded: 1, failures: [] });
    expect(summary.lines).toMatchObject([{ level: 'ERROR', message: 'Shard count is above the cap', new_count: 1_048_576, max_shard_count: 4 }, {}]);
    expect(await tokens(entity, 5)).toEqual([70_000, 0, 0, 0, undefined]);
  });

  test('W1: do not come back beside a bucket whose shards an operator joined, or that is gone, however late the record is', async () => {
    const [joined, deleted] = [await split(), await split()];
    await limiter.admin.buckets.resetShards(joined.entity, 'gpt-4');
    await table.store.deleteMany([bucketKey(keyOf(deleted.entity))]);

    const summary = await deliver([joined.record, deleted.record], table.store);

    expect(summary).toMatchObject({ shardsPropagated: 0, failures: [], poison: 0 });
    expect(await tokens(joined.entity, 2)).toEqual([70_000, undefined]);
    expect(await tokens(deleted.entity, 2)).toEqual([undefined, undefined]);
  });

  test('that the time does not suffice for are delivered again', async () => {
    const { entity, propagation } = await split();
    await setCount(entity, 4);
    const answers = [true, false];

    await expect(propagate(table.store, { ...propagation, to: 4 }, CAP, () => answers.shift()!)).rejects.toThrow('no time is left');
    expect(await tokens(entity, 3)).toEqual([70_000, 0, undefined]);
    expect(await propagate(table.store, { ...propagation, to: 4 }, CAP)).toBe(2);
  });

  test('F-38: are asked for again when they could not be written', async () => {
    const { entity, record } = await split();
    const isShard = ({ key }: ItemUpdate) => key.pk.endsWith('#1');

    const first = await deliver([record], refusingStore(table.store, 'ThrottlingException', isShard));
    const second = await deliver([record], table.store);

    expect(first).toMatchObject({ shardsPropagated: 0, failures: ['1'] });
    expect(first.lines).toMatchObject([{ level: 'WARN', message: 'Error propagating shard count', entity_id: entity, new_count: 2 }]);
    expect(second).toMatchObject({ shardsPropagated: 1, failures: [] });
  });
});
