import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Limit, RateLimiter, UsageAdmin } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import { int } from '@zae-limiter/client/schema/attributes';
import { bucketKey } from '@zae-limiter/client/schema/bucket-item';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import type { Store } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';
import type { ArchiveObject } from '../../../lambda-src/aggregator/archive-object';
import type { BatchTools } from '../../../lambda-src/aggregator/process-batch';
import { WritePressure } from '../../../lambda-src/aggregator/sharding';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../support/table';
import { auditRecord } from '../support/audit-record';
import { DEFAULTS, deliver, usageOnly } from '../support/batch';
import { AT, bucketRecord, sequenceNumber, type BucketRecordOptions } from '../support/bucket-record';
import { changeOf } from '../support/changes';
import { refusingStore } from '../support/refusing-store';
import { usageOf } from '../support/usage';

let table: TestTable;
beforeAll(async () => {
  table = await connectTestTable();
});
afterAll(() => table.client.destroy());

/** Requests of the test's own namespace, one token each unless they say otherwise. */
const records = (...options: BucketRecordOptions[]): DynamoDBRecord[] =>
  options.map((one, position) => bucketRecord({ namespaceId: table.namespaceId, sequence: position + 1, before: { rpm: 0 }, ...one }));

/** Processes a batch and gives what came of it, with the log. */
const run = async (batch: readonly DynamoDBRecord[], store: Store = table.store, config = usageOnly(), tools: Partial<BatchTools> = {}) => {
  const { processed, snapshotsUpdated, duplicatesSkipped, poison, failures, lines } = await deliver(batch, store, config, tools);
  return { processed, snapshotsUpdated, duplicatesSkipped, poison, failures, lines };
};

/** Tokens and events of an entity by window. */
async function usage(entity: string): Promise<Record<string, { rpm: number | undefined; events: number }>> {
  const snapshots = await usageOf(new UsageAdmin(table.store, table.namespaceId), { entity });
  return Object.fromEntries(snapshots.map(({ window, counters, totalEvents }) => [window, { rpm: counters.rpm, events: totalEvents }]));
}

const both = (rpm: number, events: number) => ({ hourly: { rpm, events }, daily: { rpm, events } });

const isFor = (entity: string, window: 'hourly' | 'daily' | 'any' = 'any') => ({ key, changes }: ItemUpdate): boolean =>
  key.pk === `${table.namespaceId}/ENTITY#${entity}`
  && (window === 'any' || JSON.stringify(changes.get('window')).includes(window));

describe('a batch', () => {
  test('of nothing is nothing', async () => {
    expect(await run([])).toEqual({ processed: 0, snapshotsUpdated: 0, duplicatesSkipped: 0, poison: 0, failures: [], lines: [] });
    expect(table.meter.take().calls).toBe(0);
  });

  test('W20: costs one update for each snapshot, however many records it has', async () => {
    const batch = records(...Array.from({ length: 60 }, (_, position) => ({ entity: `cost-${position % 3}` })));
    table.meter.take();

    const summary = await run(batch);

    expect(summary).toMatchObject({ processed: 60, snapshotsUpdated: 6, duplicatesSkipped: 0, poison: 0, failures: [], lines: [] });
    expect(table.meter.take()).toMatchObject({ operations: Array(6).fill('UpdateItem'), refused: 0 });
    expect(await usage('cost-2')).toEqual(both(20, 20));
  });

  test('F-06: costs one update for each snapshot when it is a duplicate', async () => {
    const batch = records({ entity: 'again' }, { entity: 'again' });
    await run(batch);
    table.meter.take();

    const summary = await run(batch);

    expect(summary).toMatchObject({ processed: 2, snapshotsUpdated: 0, duplicatesSkipped: 2, failures: [], lines: [] });
    expect(table.meter.take()).toMatchObject({ operations: ['UpdateItem', 'UpdateItem'], refused: 2 });
    expect(await usage('again')).toEqual(both(2, 2));
  });

  test('F-06: costs two updates for each snapshot of which a part is booked', async () => {
    const batch = records({ entity: 'part' }, { entity: 'part' }, { entity: 'part' });
    await run(batch.slice(0, 1));
    table.meter.take();

    const summary = await run(batch);

    expect(summary).toMatchObject({ processed: 3, snapshotsUpdated: 2, duplicatesSkipped: 0, failures: [] });
    expect(table.meter.take().operations).toEqual(Array(4).fill('UpdateItem'));
    expect(await usage('part')).toEqual(both(3, 3));
  });

  test('writes ten snapshots at a time, and not more', async () => {
    let [running, most] = [0, 0];
    const counting: Store = {
      ...refusingStore(table.store, '', () => false),
      async update(update) {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return { applied: true, item: { PK: { S: update.key.pk } } };
      },
    };

    const { snapshotsUpdated } = await run(records(...Array.from({ length: 40 }, (_, position) => ({ entity: `wide-${position}` }))), counting);

    expect({ snapshotsUpdated, most }).toEqual({ snapshotsUpdated: 80, most: 10 });
  });

  test('books shards of one entity into one snapshot', async () => {
    await run(records({ entity: 'shards' }, { entity: 'shards', shard: 1 }, { entity: 'shards', shard: 2 }));

    expect(await usage('shards')).toEqual(both(3, 3));
  });
});

describe('records that can never be counted', () => {
  test('are counted as poison and logged with their sequence number, and the rest of the batch is booked', async () => {
    const [good, malformed, fraction, anonymous, unknown, other] = records(
      { entity: 'good' }, { entity: 'bad', resource: 'x#y' }, { entity: 'bad' }, { entity: 'bad' }, { entity: 'bad' }, { entity: 'good' },
    );
    malformed!.dynamodb!.Keys!.PK = { S: `${table.namespaceId}/BUCKET#bad` };
    fraction!.dynamodb!.NewImage!.b_rpm_tc = { N: '0.5' };
    delete anonymous!.dynamodb!.SequenceNumber;
    unknown!.dynamodb!.NewImage!.b_rpm_tc = { NEW_TYPE: '1' } as never;

    const { lines, ...summary } = await run([good!, malformed!, fraction!, anonymous!, unknown!, other!]);

    expect(summary).toEqual({ processed: 6, snapshotsUpdated: 2, duplicatesSkipped: 0, poison: 4, failures: [] });
    expect(lines).toMatchObject([
      { level: 'ERROR', message: 'Error processing record', sequence: sequenceNumber(2), keys: { PK: { S: `${table.namespaceId}/BUCKET#bad` } } },
      { level: 'ERROR', message: 'Error processing record', sequence: sequenceNumber(3), exception: expect.stringContaining('b_rpm_tc') },
      { level: 'ERROR', message: 'Error processing record', keys: anonymous!.dynamodb!.Keys, exception: expect.stringContaining('SequenceNumber') },
      { level: 'ERROR', message: 'Error processing record', sequence: sequenceNumber(5), exception: expect.stringContaining('NEW_TYPE') },
    ]);
    expect(await usage('good')).toEqual(both(2, 2));
    expect(await usage('bad')).toEqual({});
  });

  test('F-10: a limit named like an attribute of the snapshot is poison, and the other limits of the record are booked', async () => {
    const { lines, ...summary } = await run(records({ entity: 'reserved', before: {}, after: { ttl: 5000, rpm: 1000 } }));

    expect(summary).toEqual({ processed: 1, snapshotsUpdated: 2, duplicatesSkipped: 0, poison: 1, failures: [] });
    expect(lines).toMatchObject([{ level: 'ERROR', message: 'Error processing record', sequence: sequenceNumber(1), limit: 'ttl' }]);
    expect(await usage('reserved')).toEqual(both(1, 1));
  });

  test('an update that DynamoDB itself finds wrong is poison and is not tried again', async () => {
    const [PK, SK] = [`${table.namespaceId}/ENTITY#broken`, '#USAGE#gpt-4#2030-03-05T14:00:00Z'];
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: { PK: { S: PK }, SK: { S: SK }, rpm: { S: 'no number' } } }));

    const { lines, ...summary } = await run(records({ entity: 'broken' }, { entity: 'whole' }));

    expect(summary).toEqual({ processed: 2, snapshotsUpdated: 3, duplicatesSkipped: 0, poison: 1, failures: [] });
    expect(lines).toMatchObject([{
      level: 'WARN', message: 'Error updating snapshot', namespace_id: table.namespaceId, entity_id: 'broken', resource: 'gpt-4', shard_id: 0,
      window: 'hourly', window_key: '2030-03-05T14:00:00Z', exception: expect.stringContaining('ValidationException'),
    }]);
    expect(await usage('broken')).toMatchObject({ daily: { rpm: 1, events: 1 } });
    expect(await usage('whole')).toEqual(both(1, 1));
  });
});

describe('records whose snapshot was refused', () => {
  test.each([
    'ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'InternalServerError', 'TimeoutError',
    'AccessDeniedException', 'ResourceNotFoundException', 'UnrecognizedClientException', 'Error',
  ])('F-38, W21: are delivered again after %s', async (sdkError) => {
    const entity = `after-${sdkError}`;
    const lucky = `${entity}-lucky`;
    const batch = records({ entity: lucky }, { entity }, { entity: lucky }, { entity });

    const { lines, ...summary } = await run(batch, refusingStore(table.store, sdkError, isFor(entity)));

    expect(summary).toMatchObject({ processed: 4, poison: 0, failures: [sequenceNumber(2), sequenceNumber(4)] });
    expect(lines).toMatchObject(['hourly', 'daily'].map((window) => ({
      level: 'WARN', message: 'Error updating snapshot', namespace_id: table.namespaceId, entity_id: entity, window,
      exception: expect.stringMatching(sdkError === 'ResourceNotFoundException' ? 'does not exist' : sdkError),
    })));
    expect(await usage(entity)).toEqual({});
    expect(await usage(lucky)).toEqual(both(2, 2));
  });

  test('F-06, F-38: the next delivery completes them and repeats nothing', async () => {
    const batch = records({ entity: 'late' }, { entity: 'early' }, { entity: 'late' });
    const first = await run(batch, refusingStore(table.store, 'ThrottlingException', isFor('late', 'daily')));

    // Lambda resumes at the lowest number that was reported.
    const second = await run(batch.slice(batch.findIndex(({ dynamodb }) => first.failures.includes(dynamodb!.SequenceNumber!))));

    expect(first).toMatchObject({ snapshotsUpdated: 3, failures: [sequenceNumber(1), sequenceNumber(3)] });
    expect(second).toMatchObject({ snapshotsUpdated: 1, duplicatesSkipped: 3, failures: [], poison: 0 });
    expect(await usage('late')).toEqual(both(2, 2));
    expect(await usage('early')).toEqual(both(1, 1));
  });

  test('are reported once, however many windows failed', async () => {
    const everything = await run(records({ entity: 'none' }), refusingStore(table.store, 'ThrottlingException', () => true), usageOnly({
      windows: USAGE_WINDOWS,
    }));

    expect(everything).toMatchObject({ snapshotsUpdated: 0, failures: [sequenceNumber(1)] });
    expect(everything.lines).toHaveLength(3);
  });

  test('never take with them a record of the same batch that consumed nothing', async () => {
    const batch = records({ entity: 'idle', before: { rpm: 1000 }, after: { rpm: 1000 } }, { entity: 'idle' });

    const { failures } = await run(batch, refusingStore(table.store, 'ThrottlingException', () => true));

    expect(failures).toEqual([sequenceNumber(2)]);
  });
});

describe('a batch that the time does not suffice for', () => {
  test('reports what it did not start, and loses nothing', async () => {
    const batch = records({ entity: 'late-1' }, { entity: 'late-2' });
    table.meter.take();

    const summary = await run(batch, table.store, usageOnly(), { hasTime: () => false });

    expect(summary).toMatchObject({ snapshotsUpdated: 0, failures: [sequenceNumber(1), sequenceNumber(2)] });
    expect(table.meter.take().calls).toBe(0);
    expect(await run(batch)).toMatchObject({ snapshotsUpdated: 4, failures: [] });
  });
});

describe('deleted audit events in a batch', () => {
  const archiving = { ...usageOnly(), archiveBucket: 'archive' };
  const deleted = (sequence: number) => auditRecord({ sequence, deletedBy: 'ttl' });

  test('are stored, and their number is counted', async () => {
    const objects: ArchiveObject[] = [];

    const summary = await deliver([deleted(1), ...records({ entity: 'beside', sequence: 2 })], table.store, archiving, {
      archive: { put: async (object) => void objects.push(object) },
    });

    expect(summary).toMatchObject({ processed: 2, eventsArchived: 1, objectsCreated: 1, snapshotsUpdated: 2, failures: [], lines: [] });
    expect(objects.map(({ events }) => events)).toEqual([1]);
  });

  test('F-30: are delivered again when they could not be stored, and nothing else is', async () => {
    const summary = await deliver([deleted(1), ...records({ entity: 'besides', sequence: 2 })], table.store, archiving, {
      archive: { put: () => Promise.reject(new Error('SlowDown')) },
    });

    expect(summary).toMatchObject({ eventsArchived: 0, objectsCreated: 0, snapshotsUpdated: 2, failures: [sequenceNumber(1)] });
    expect(summary.lines).toMatchObject([{ level: 'WARN', message: 'Error creating S3 object', events_count: 1, exception: 'Error: SlowDown' }]);
  });

  test('are ignored by a function without an archive', async () => {
    expect(await deliver([deleted(1)], table.store)).toMatchObject({ processed: 1, eventsArchived: 0, failures: [], poison: 0, lines: [] });
  });
});

describe('help for buckets in a batch', () => {
  const starving = { rpm: { tc_delta: 60_000, tk_milli: 0, cp_milli: 100_000, ra_milli: 100_000, rp_ms: 60_000 } };
  const isBucket = ({ key }: ItemUpdate): boolean => key.sk === '#STATE';

  test('that fails is logged and reports no record, because the next batch can help as well', async () => {
    const [record] = [bucketRecord({ namespaceId: table.namespaceId, entity: 'starved', before: { rpm: 0 }, after: { rpm: 60_000 } })];
    Object.assign(record.dynamodb!.NewImage!, changeOf(starving, 0, 1).after, record.dynamodb!.NewImage);

    const summary = await deliver([record], refusingStore(table.store, 'ThrottlingException', isBucket), DEFAULTS);

    expect(summary).toMatchObject({ snapshotsUpdated: 2, refillsWritten: 0, failures: [], poison: 0 });
    expect(summary.lines).toMatchObject([{ level: 'WARN', message: 'Error refilling bucket', entity_id: 'starved', exception: expect.stringContaining('Throttling') }]);
  });

  test('is lost to whoever was faster, and creates no bucket that is gone', async () => {
    const record = bucketRecord({ namespaceId: table.namespaceId, entity: 'gone', before: { rpm: 0 }, after: { rpm: 60_000 } });
    Object.assign(record.dynamodb!.NewImage!, changeOf(starving, 0, 1).after, record.dynamodb!.NewImage);

    const summary = await deliver([record], table.store, DEFAULTS);

    expect(summary).toMatchObject({ refillsWritten: 0, failures: [], lines: [] });
    expect(await table.store.get(bucketKey({ namespaceId: table.namespaceId, entity: 'gone', resource: 'gpt-4', shard: 0 }))).toBeUndefined();
  });

  test('refills a bucket that ran dry, and says so', async () => {
    const limiter = await RateLimiter.open({ stack: table.name, namespace: table.namespace, client: table.client, timeoutMs: PATIENCE_MS });
    await limiter.admin.limits.set([Limit.perSecond('rps', 1000)], { entity: 'thirsty' });
    await limiter.acquire({ entity: 'thirsty', resource: 'gpt-4', consume: { rps: 1000 } });
    const key = bucketKey({ namespaceId: table.namespaceId, entity: 'thirsty', resource: 'gpt-4', shard: 0 });
    const before = (await table.store.get(key, { consistent: true }))!;
    const record = bucketRecord({ namespaceId: table.namespaceId, entity: 'thirsty', after: { rps: 1_000_000 }, more: { after: before } });
    const clock = new FakeClock(Number((before.rf as { N: string }).N) + 500);

    const summary = await deliver([record], table.store, DEFAULTS, { clock });

    expect(summary).toMatchObject({ refillsWritten: 1, failures: [] });
    expect(await table.store.get(key, { consistent: true })).toMatchObject({ b_rps_tk: { N: '500000' }, rf: { N: String(clock.now()) } });
  });
});

describe('the aggregator\'s pressure gauge in a batch', () => {
  test.each([['keeps up with', 0], ['is an hour behind', 3600]])('doubles the shards of a bucket that is hot in two batches, when it %s the stream', async (_, lag) => {
    const entity = `hot-${lag}`;
    const clock = new FakeClock((AT + lag) * 1000);
    const pressure = new WritePressure(DEFAULTS.sharding);
    const million = { tk_milli: 1_000_000, cp_milli: 1_000_000, ra_milli: 1_000_000 };
    const wcu = (writes: number) => ({ wcu: { ...million, tc_delta: writes * 1000, rp_ms: 1000 } });
    const hot = (batch: number) => {
      const options = { namespaceId: table.namespaceId, entity, sequence: batch + 1, at: AT + batch * 5 };
      const record = bucketRecord({ ...options, before: { wcu: batch * 5_000_000 }, after: { wcu: (batch + 1) * 5_000_000 } });
      Object.assign(record.dynamodb!.NewImage!, changeOf(wcu((batch + 1) * 5000), 0, 1).after, record.dynamodb!.NewImage);
      return record;
    };
    const key = bucketKey({ namespaceId: table.namespaceId, entity, resource: 'gpt-4', shard: 0 });
    await table.store.update({ key, changes: new Map([['rf', { set: int(0) }], ['shard_count', { set: int(1) }]]), conditions: [] });

    const tools = { pressure, clock };
    const summaries = [await deliver([hot(0)], table.store, DEFAULTS, tools), await deliver([hot(1)], table.store, DEFAULTS, tools)];

    expect(summaries.map(({ shardsDoubled }) => shardsDoubled)).toEqual([0, 1]);
    expect(await deliver([hot(2)], table.store, DEFAULTS, tools)).toMatchObject({ shardsDoubled: 0 });
    expect(summaries[1]!.lines).toMatchObject([{ message: 'Proactive shard doubling', entity_id: entity, old_count: 1, new_count: 2, writes_per_second: 1000 }]);
    expect(await table.store.get(key, { consistent: true })).toMatchObject({ shard_count: { N: '2' } });
  });
});
