import { UsageAdmin } from '@zae-limiter/client';
import type { CloudFormationCustomResourceEvent, Context, DynamoDBRecord } from 'aws-lambda';
import { connectTestTable } from '../support/table';
import { bucketRecord, sequenceNumber } from './support/bucket-record';
import { answerServer, cfnEvent, SECRET, silentServer } from './support/cloudformation';
import { runFunction } from './support/function';
import { newTable } from './support/new-table';
import { usageOf } from './support/usage';

const aggregator = () => import('../../lambda-src/aggregator/handler');
const provisioner = () => import('../../lambda-src/provisioner/handler');
const FUNCTIONS = { aggregator, provisioner };

/** No setting beside the table's name, so that the defaults hold. */
const UNSET = { SNAPSHOT_WINDOWS: undefined, SNAPSHOT_TTL_DAYS: undefined, LOG_LEVEL: undefined };

/** A context with this much time left. */
const remaining = (ms: number) => ({ getRemainingTimeInMillis: () => ms });

describe('a function whose environment is wrong', () => {
  test.each<[keyof typeof FUNCTIONS, string, string | undefined, string]>([
    ['aggregator', 'TABLE_NAME', undefined, 'must be set, got nothing'],
    ['aggregator', 'TABLE_NAME', '', "must be set, got ''"],
    ['aggregator', 'SNAPSHOT_WINDOWS', 'hourly,weekly', "must be a list of hourly, daily, monthly, each at most once, got 'hourly,weekly'"],
    ['aggregator', 'SNAPSHOT_WINDOWS', 'daily,hourly,daily', "each at most once, got 'daily,hourly,daily'"],
    ['aggregator', 'SNAPSHOT_WINDOWS', '', "got ''"],
    ['aggregator', 'SNAPSHOT_TTL_DAYS', '0', "must be a positive integer, got '0'"],
    ['aggregator', 'SNAPSHOT_TTL_DAYS', '-1', "must be a positive integer, got '-1'"],
    ['aggregator', 'SNAPSHOT_TTL_DAYS', '1.5', "must be a positive integer, got '1.5'"],
    ['aggregator', 'SNAPSHOT_TTL_DAYS', 'ninety', "must be a positive integer, got 'ninety'"],
    ['aggregator', 'LOG_LEVEL', 'LOUD', "must be DEBUG, INFO, WARN or ERROR, got 'LOUD'"],
    ['provisioner', 'TABLE_NAME', undefined, 'must be set, got nothing'],
    ['provisioner', 'LOG_LEVEL', 'info', "must be DEBUG, INFO, WARN or ERROR, got 'info'"],
  ])('the %s refuses to load with %s=%s, and says why', async (name, variable, value, rule) => {
    const running = runFunction<unknown, void>({ ...UNSET, TABLE_NAME: 'some-table', [variable]: value }, FUNCTIONS[name], async () => {});

    await expect(running).rejects.toMatchObject({ name: 'EnvironmentError', message: expect.stringContaining(`environment variable ${variable} `) });
    await expect(running).rejects.toThrow(rule);
  });
});

describe('the aggregator', () => {
  const invoke = (environment: Record<string, string | undefined>, Records: DynamoDBRecord[]) =>
    runFunction({ ...UNSET, TABLE_NAME: process.env.TEST_TABLE, ...environment }, aggregator, ({ handler }) =>
      handler({ Records }, { awsRequestId: 'request-1', ...remaining(60_000) } as Context));

  test('books a batch, reports no failure and logs one line about it', async () => {
    const { client, store, namespaceId } = await connectTestTable();
    const poison = bucketRecord({ namespaceId, sequence: 3 });
    delete poison.dynamodb!.NewImage;
    const first = bucketRecord({ namespaceId, sequence: 1, after: { rpm: 2000 } });
    await invoke({ LOG_LEVEL: 'ERROR' }, [first]);

    const { result, lines } = await invoke({}, [
      first, bucketRecord({ namespaceId, sequence: 2, before: { rpm: 2000 }, after: { rpm: 5000 } }), poison,
      bucketRecord({ namespaceId, sequence: 1, entity: 'user-2' }),
    ]);

    const [failed, completed, ...others] = lines;
    expect(result).toEqual({ batchItemFailures: [] });
    expect(failed).toMatchObject({ level: 'ERROR', message: 'Error processing record', sequence: sequenceNumber(3) });
    expect(completed).toEqual({
      timestamp: expect.any(String), level: 'INFO', logger: 'aggregator', message: 'Lambda invocation completed', request_id: 'request-1',
      processed: 4, snapshots_updated: 4, duplicates_skipped: 0, poison_records: 1, error_count: 0, processing_time_ms: expect.any(Number),
    });
    expect(others).toEqual([]);
    const usage = await usageOf(new UsageAdmin(store, namespaceId), { entity: 'user-1' });
    expect(usage.map(({ window, counters, totalEvents }) => ({ window, counters, totalEvents }))).toEqual([
      { window: 'hourly', counters: { rpm: 5 }, totalEvents: 2 },
      { window: 'daily', counters: { rpm: 5 }, totalEvents: 2 },
    ]);
    client.destroy();
  });

  test('counts a batch that was delivered again as duplicates', async () => {
    const { client, namespaceId } = await connectTestTable();
    const batch = [bucketRecord({ namespaceId })];
    await invoke({}, batch);

    const { result, lines } = await invoke({}, batch);

    expect(result).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ processed: 1, snapshots_updated: 0, duplicates_skipped: 2 }]);
    client.destroy();
  });

  test('F-38: reports the records that it could not book', async () => {
    const { result, lines } = await invoke({ TABLE_NAME: 'no-such-table', SNAPSHOT_WINDOWS: 'monthly', LOG_LEVEL: 'INFO' }, [
      bucketRecord({ sequence: 1 }), bucketRecord({ sequence: 2, entity: 'user-2' }),
    ]);

    expect(result.batchItemFailures).toHaveLength(2);
    expect(result.batchItemFailures).toEqual(expect.arrayContaining([{ itemIdentifier: sequenceNumber(1) }, { itemIdentifier: sequenceNumber(2) }]));
    expect(lines.at(-1)).toMatchObject({ message: 'Lambda invocation completed', processed: 2, snapshots_updated: 0, error_count: 2 });
  });

  test.each([
    ['books', 6_001, 60_000], ['reports', 6_000, 60_000],
    ['books', 5_001, 20_000], ['reports', 5_000, 20_000],
    ['books', 2_001, 4_000], ['reports', 2_000, 4_000],
  ])('%s a batch when %d of %d ms are left', async (what, left, total) => {
    const { client, namespaceId } = await connectTestTable();
    const times = [total];
    const context = { getRemainingTimeInMillis: () => times.shift() ?? left } as Context;

    const { result, lines } = await runFunction({ ...UNSET, TABLE_NAME: process.env.TEST_TABLE }, aggregator, ({ handler }) =>
      handler({ Records: [bucketRecord({ namespaceId })] }, context));

    expect(result.batchItemFailures).toEqual(what === 'books' ? [] : [{ itemIdentifier: sequenceNumber(1) }]);
    expect(lines).toMatchObject([{ processed: 1, snapshots_updated: what === 'books' ? 2 : 0, error_count: what === 'books' ? 0 : 1 }]);
    client.destroy();
  });

  test('needs no context', async () => {
    const { result } = await runFunction({ ...UNSET, TABLE_NAME: 'some-table' }, aggregator, ({ handler }) => handler({ Records: [] }));

    expect(result).toEqual({ batchItemFailures: [] });
  });

  test('says at level DEBUG what it started with', async () => {
    const { lines } = await invoke({ TABLE_NAME: 'some-table', LOG_LEVEL: 'DEBUG', ZAE_LIMITER_SCHEMA_VERSION: '0.10.0', SNAPSHOT_TTL_DAYS: '7' }, []);

    expect(lines).toMatchObject([
      { level: 'DEBUG', message: 'Cold start', table_name: 'some-table', schema_version: '0.10.0', windows: ['hourly', 'daily'], retentionDays: 7 },
      { level: 'INFO', message: 'Lambda invocation completed' },
    ]);
  });

  test.each<[string, string | undefined, string[]]>([
    ['every hour and every day unless it is told otherwise', undefined, ['hourly', 'daily']],
    ['the windows that it is told, spaces or not', ' monthly , hourly', ['hourly', 'monthly']],
  ])('keeps %s', async (_, SNAPSHOT_WINDOWS, windows) => {
    const { client, store, namespaceId } = await connectTestTable();

    await invoke({ SNAPSHOT_WINDOWS }, [bucketRecord({ namespaceId })]);

    const usage = await usageOf(new UsageAdmin(store, namespaceId), { entity: 'user-1' });
    expect(usage.map(({ window }) => window).sort()).toEqual([...windows].sort());
    client.destroy();
  });

  test.each<[string | undefined, number]>([[undefined, 90], ['7', 7]])('F-05: keeps snapshots for SNAPSHOT_TTL_DAYS=%s days', async (SNAPSHOT_TTL_DAYS, days) => {
    const { client, store, namespaceId } = await connectTestTable();

    await invoke({ SNAPSHOT_TTL_DAYS, SNAPSHOT_WINDOWS: 'hourly' }, [bucketRecord({ namespaceId, at: Date.UTC(2030, 2, 5, 14, 30) / 1000 })]);

    const item = await store.get({ pk: `${namespaceId}/ENTITY#user-1`, sk: '#USAGE#gpt-4#2030-03-05T14:00:00Z' });
    expect(item!.ttl).toEqual({ N: String(Date.UTC(2030, 2, 5 + days, 15) / 1000) });
    client.destroy();
  });

  test('says nothing about what went well when the level is ERROR', async () => {
    expect((await invoke({ LOG_LEVEL: 'ERROR' }, [])).lines).toEqual([]);
  });
});

describe('the provisioner', () => {
  const invoke = (TABLE_NAME: string, event: CloudFormationCustomResourceEvent, context?: ReturnType<typeof remaining>, more = {}) =>
    runFunction({ ...UNSET, TABLE_NAME, ...more }, provisioner, ({ handler }) => handler(event, context));

  test('bootstraps the table and answers, and never logs where to', async () => {
    await using cloudFormation = await answerServer();
    const { client, store, items } = await newTable();
    const setTimeout = jest.spyOn(globalThis, 'setTimeout');

    const { lines, output } = await invoke(store.tableName, cfnEvent('Create', { ResponseURL: cloudFormation.url }), remaining(300_000));

    expect(setTimeout.mock.calls.map(([, wait]) => wait)).toContain(290_000); // ten seconds are enough to answer
    setTimeout.mockRestore();

    expect(cloudFormation.received).toMatchObject([{
      method: 'PUT',
      body: {
        Status: 'SUCCESS', PhysicalResourceId: `${store.tableName}/bootstrap`, RequestId: 'request-1', LogicalResourceId: 'LimiterBootstrap',
        StackId: cfnEvent('Create').StackId, Data: { SchemaVersion: '0.10.0' },
      },
    }]);
    expect((await items()).map(({ SK }) => SK)).toContainEqual({ S: '#NAMESPACE#default' });
    expect(lines).toEqual([{
      timestamp: expect.any(String), level: 'INFO', logger: 'provisioner', message: 'Custom resource answered', request_id: 'request-1',
      request_type: 'Create', resource_type: 'Custom::ZaeLimiterBootstrap', logical_id: 'LimiterBootstrap',
      physical_id: `${store.tableName}/bootstrap`, status: 'SUCCESS',
    }]);
    expect(output).not.toContain(SECRET);
    client.destroy();
  });

  test('answers and logs a failure with its reason', async () => {
    await using cloudFormation = await answerServer();

    const { lines, output } = await invoke('no-such-table', cfnEvent('Create', { ResponseURL: cloudFormation.url }));

    const reason = expect.stringContaining("table 'no-such-table' does not exist");
    expect(cloudFormation.received).toMatchObject([{ body: { Status: 'FAILED', PhysicalResourceId: 'create-failed/request-1', Reason: reason } }]);
    expect(lines).toMatchObject([{ level: 'ERROR', message: 'Custom resource answered', status: 'FAILED', reason }]);
    expect(output).not.toContain(SECRET);
  });

  test.each<[string, unknown, string]>([
    ['an empty event', {}, 'UNKNOWN_ACTION'],
    ['nothing', null, 'UNKNOWN_ACTION'],
    ['text', 'plan', 'UNKNOWN_ACTION'],
    ['an event of another service', { Records: [] }, 'UNKNOWN_ACTION'],
    ['an event without a place to answer', { ...cfnEvent('Create'), ResponseURL: undefined }, 'must have a ResponseURL'],
  ])('refuses %s', async (_, event, reason) => {
    const running = invoke('some-table', event as never);

    await expect(running).rejects.toThrow(reason);
  });

  test.each([
    ['Create', 80, 'create-failed/request-1'],
    ['Update', 80, 'some-table/bootstrap'],
    ['Create', 40, 'create-failed/request-1'],
  ] as const)('answers that a %s failed when the table does not answer, with a quarter of its %d ms left', async (type, ms, id) => {
    await using cloudFormation = await answerServer();
    await using dynamodb = await silentServer();
    const setTimeout = jest.spyOn(globalThis, 'setTimeout');

    const { output } = await invoke('some-table', cfnEvent(type, { ResponseURL: cloudFormation.url }), remaining(ms), {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    });

    const waits = setTimeout.mock.calls.map(([, wait]) => wait);
    setTimeout.mockRestore();
    const body = { Status: 'FAILED', PhysicalResourceId: id, Reason: 'the function ran out of time' };
    expect(cloudFormation.received).toMatchObject([{ body }]);
    expect(waits).toContain(ms * 0.75);
    expect(output).not.toContain(SECRET);
  });
});
