import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NamespacesAdmin, Registry, systemClock, UsageAdmin } from '@zae-limiter/client';
import type { CloudFormationCustomResourceEvent, Context, DynamoDBRecord } from 'aws-lambda';
import { LimitsProvisioner } from '@zae-limiter/client/admin/limits-provisioner';
import metricsSpec from '../../spec/metrics.json';
import { connectTestTable } from '../support/table';
import { auditRecord } from './support/audit-record';
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
    ['aggregator', 'SNAPSHOT_CLOCK', 'utc', "must be stream or rf, got 'utc'"],
    ['aggregator', 'SNAPSHOT_KEY_STYLE', '', "must be suffixed or legacy, got ''"],
    ['aggregator', 'REFILL_ENABLED', 'yes', "must be true or false, got 'yes'"],
    ['aggregator', 'SHARDING_ENABLED', '1', "must be true or false, got '1'"],
    ['aggregator', 'MAX_SHARD_COUNT', '0', "must be a positive integer, got '0'"],
    ['aggregator', 'SHARD_THRESHOLD', '0', "must be a number above 0 and up to 1, got '0'"],
    ['aggregator', 'SHARD_THRESHOLD', '1.01', "got '1.01'"],
    ['aggregator', 'SHARD_THRESHOLD', '1e-1', "got '1e-1'"],
    ['aggregator', 'SHARD_COOLDOWN_SECONDS', '-30', "must be a positive integer, got '-30'"],
    ['aggregator', 'ENABLE_ARCHIVAL', 'on', "must be true or false, got 'on'"],
    ['aggregator', 'ARCHIVE_SCOPE', 'ttl,all', "must be ttl or all, got 'ttl,all'"],
    ['aggregator', 'LOG_ENTITY_IDS', 'none', "must be plain or hash, got 'none'"],
    ['aggregator', 'TRACING_ENABLED', 'Active', "must be true or false, got 'Active'"],
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
  /** One invocation; its log and its metrics apart. */
  async function invoke(environment: Record<string, string | undefined>, Records: DynamoDBRecord[], context = remaining(60_000)) {
    const { result, lines } = await runFunction({ ...UNSET, TABLE_NAME: process.env.TEST_TABLE, ...environment }, aggregator, ({ handler }) =>
      handler({ Records }, { awsRequestId: 'request-1', ...context } as Context));
    return { result, lines: lines.filter((line) => !('_aws' in line)), metrics: lines.filter((line) => '_aws' in line) };
  }

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
      processed: 4, snapshots_updated: 4, duplicates_skipped: 0, refills_written: 0,
      events_archived: 0, s3_objects_created: 0, poison_records: 1, error_count: 0, processing_time_ms: expect.any(Number),
    });
    expect(others).toEqual([]);
    const usage = await usageOf(new UsageAdmin(store, namespaceId), { entity: 'user-1' });
    expect(usage.map(({ window, counters, totalEvents }) => ({ window, counters, totalEvents }))).toEqual([
      { window: 'hourly', counters: { rpm: 5 }, totalEvents: 2 },
      { window: 'daily', counters: { rpm: 5 }, totalEvents: 2 },
    ]);
    client.destroy();
  });

  test('writes one line of metrics an invocation, whatever the level of its log', async () => {
    const { client, namespaceId } = await connectTestTable();
    const poison = bucketRecord({ namespaceId, sequence: 2 });
    delete poison.dynamodb!.NewImage;

    const { metrics, lines } = await invoke({ LOG_LEVEL: 'ERROR', METRICS_NAMESPACE: undefined }, [bucketRecord({ namespaceId }), poison]);

    expect(lines).toHaveLength(1);
    const { metrics: declared, namespace, dimensions } = metricsSpec;
    expect(metrics).toEqual([{
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [{
          Namespace: namespace, Dimensions: [dimensions], Metrics: declared.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        }],
      },
      TableName: process.env.TEST_TABLE,
      RecordsProcessed: 2, SnapshotsUpdated: 2, DuplicatesSkipped: 0, RefillsWritten: 0, ShardsDoubled: 0, ShardsPropagated: 0, ShardCapReached: 0,
      ShardCapExceeded: 0, EventsArchived: 0, RecordsFailed: 0, PoisonRecords: 1, ProcessingTime: expect.any(Number),
    }]);
    client.destroy();
  });

  test.each([
    ['archives', { ENABLE_ARCHIVAL: 'true', ARCHIVE_BUCKET_NAME: 'my-archive' }, 1],
    ['does not archive', { ENABLE_ARCHIVAL: 'true', ARCHIVE_BUCKET_NAME: '' }, 0],
    ['does not archive', { ARCHIVE_BUCKET_NAME: 'my-archive' }, 0],
    ['does not archive', { ENABLE_ARCHIVAL: 'true', ARCHIVE_BUCKET_NAME: 'my-archive', ARCHIVE_SCOPE: 'ttl' }, 0],
    ['archives', { ENABLE_ARCHIVAL: 'true', ARCHIVE_BUCKET_NAME: 'my-archive', ARCHIVE_SCOPE: 'all' }, 1],
  ])('%s deleted audit events with %j', async (_, environment, archived) => {
    const puts: string[] = [];
    const bucket = createServer((request, response) => {
      puts.push(`${request.method} ${decodeURIComponent(request.url!.split('?')[0]!)}`);
      request.resume().on('end', () => response.writeHead(200).end());
    });
    await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
    const deletedBy = 'ARCHIVE_SCOPE' in environment ? 'request' : 'ttl';

    const { result, lines, metrics } = await invoke({
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`, ...environment,
    }, [auditRecord({ deletedBy })]);
    bucket.closeAllConnections();
    bucket.close();

    expect(result).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ events_archived: archived, s3_objects_created: archived, error_count: 0 }]);
    expect(metrics).toMatchObject([{ EventsArchived: archived }]);
    expect(puts).toEqual(archived === 0 ? [] : [expect.stringMatching(/^PUT \/my-archive\/audit\/year=2024\/month=01\/day=15\/audit-/)]);
  });

  test('writes metrics into the namespace that it is told', async () => {
    const { metrics } = await invoke({ METRICS_NAMESPACE: 'Mine' }, []);

    expect(metrics).toMatchObject([{ _aws: { CloudWatchMetrics: [{ Namespace: 'Mine' }] } }]);
  });

  test('logs no id of an entity when it is told to hash them', async () => {
    const poison = bucketRecord({ entity: 'ada@example.com', sequence: 2 });
    poison.dynamodb!.Keys!.PK = { S: 'ns1/BUCKET#ada@example.com' };

    const { lines } = await invoke({ LOG_ENTITY_IDS: 'hash', TABLE_NAME: 'no-such-table', LOG_LEVEL: 'DEBUG' }, [bucketRecord({ entity: 'ada@example.com' }), poison]);

    const failed = lines.filter(({ message }) => message === 'Error updating snapshot');
    expect(failed.map(({ entity_id: id }) => id)).toEqual(Array(2).fill(expect.stringMatching(/^[0-9a-f]{16}$/)));
    expect(lines.find(({ message }) => message === 'Error processing record')).toMatchObject({ exception: 'CorruptRecordError', keys: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(JSON.stringify(lines)).not.toContain('ada');
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
    const { result, lines } = await invoke({}, [bucketRecord({ namespaceId })], { getRemainingTimeInMillis: () => times.shift() ?? left });

    expect(result.batchItemFailures).toEqual(what === 'books' ? [] : [{ itemIdentifier: sequenceNumber(1) }]);
    expect(lines.slice(-1)).toMatchObject([{ processed: 1, snapshots_updated: what === 'books' ? 2 : 0, error_count: what === 'books' ? 0 : 1 }]);
    client.destroy();
  });

  test('needs no context', async () => {
    const { result } = await runFunction({ ...UNSET, TABLE_NAME: 'some-table' }, aggregator, ({ handler }) => handler({ Records: [] }));

    expect(result).toEqual({ batchItemFailures: [] });
  });

  test('says at level DEBUG what it started with', async () => {
    const { lines } = await invoke({ TABLE_NAME: 'some-table', LOG_LEVEL: 'DEBUG', ZAE_LIMITER_SCHEMA_VERSION: '0.10.0', SNAPSHOT_TTL_DAYS: '7' }, []);

    expect(lines).toMatchObject([
      { level: 'DEBUG', message: 'Cold start', table_name: 'some-table', schema_version: '0.10.0', settings: { usage: { retentionDays: 7 } } },
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

  test('creates, changes and deletes the limits of a stack, and answers each time, also after the first answer was lost', async () => {
    await using cloudFormation = await answerServer(503, 500);
    const { client, store } = await newTable();
    await new Registry(store, systemClock).registerNamespace('default');
    const limits = async (type: 'Create' | 'Update' | 'Delete', Resources: object, PhysicalResourceId?: unknown) => {
      const ResourceProperties = { TableName: store.tableName, Resources };
      const event = cfnEvent(type, { ResourceType: 'Custom::ZaeLimiterLimits', ResponseURL: cloudFormation.url, ResourceProperties, PhysicalResourceId });
      await invoke(store.tableName, event, remaining(300_000));
      return cloudFormation.received.at(-1)!.body;
    };
    const rpm = (Capacity: string) => ({ Limits: { rpm: { Capacity } } });

    const created = await limits('Create', { 'gpt-4': rpm('5'), 'claude': rpm('7') });
    expect(cloudFormation.received.map(({ body }) => body.Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(created).toMatchObject({ Status: 'SUCCESS', Data: { Created: '2' } });
    const updated = await limits('Update', { 'gpt-4': rpm('6') }, created.PhysicalResourceId);
    expect(updated).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: created.PhysicalResourceId, Data: { Updated: '1', Deleted: '1' } });
    const deleted = await limits('Delete', {}, created.PhysicalResourceId);
    expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: created.PhysicalResourceId });

    const failed = await limits('Create', { 'gpt-4': rpm('0') });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'create-failed/request-1' });
    expect(await limits('Delete', { 'gpt-4': rpm('0') }, failed.PhysicalResourceId)).toMatchObject({ Status: 'SUCCESS' });
    client.destroy();
  });

  test('succeeds to delete limits and namespaces when the table is gone', async () => {
    await using cloudFormation = await answerServer();
    const deletions = [
      { ResourceType: 'Custom::ZaeLimiterLimits', PhysicalResourceId: 'no-such-table/ns/limits-provisioner', ResourceProperties: {} },
      {
        ResourceType: 'Custom::ZaeLimiterNamespace', PhysicalResourceId: 'no-such-table/namespace/a',
        ResourceProperties: { Namespace: 'a', Removal: 'SOFT_DELETE' },
      },
    ];

    for (const deletion of deletions) await invoke('no-such-table', cfnEvent('Delete', { ...deletion, ResponseURL: cloudFormation.url }));

    expect(cloudFormation.received.map(({ body }) => body.Status)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  test('returns what a command asks for, and logs what it did', async () => {
    const { client, store } = await newTable();
    const command = (event: object) => invoke(store.tableName, event as never, remaining(300_000));
    const manifest = { namespace: 'default', resources: { 'gpt-4': { limits: { rpm: { capacity: 5 } } } } };

    const { result, lines } = await command({ action: 'apply', manifest });
    const diff = await command({ action: 'diff', manifest });

    expect(result).toMatchObject({ status: 'applied', created: 1, errors: [] });
    expect(diff.result).toMatchObject({ status: 'diffed', in_sync: true });
    expect(lines).toEqual([{
      timestamp: expect.any(String), level: 'INFO', logger: 'provisioner', message: 'Command carried out', action: 'apply', status: 'applied',
      namespace_id: result!.namespace_id, created: 1, updated: 0, deleted: 0, unchanged: 0, error_count: 0,
    }]);
    client.destroy();
  });

  test('logs a command that fails, and fails', async () => {
    const stdout: string[] = [];
    const failing = runFunction({ ...UNSET, TABLE_NAME: 'some-table' }, provisioner, ({ handler }) => handler({ action: 'destroy' } as never).catch((error: Error) => {
      stdout.push(error.message);
      return undefined;
    }));

    const { lines } = await failing;

    expect(stdout).toEqual(['UNKNOWN_ACTION: action must be plan, diff, apply or describe, got "destroy"']);
    expect(lines).toMatchObject([{ level: 'ERROR', message: 'Command failed', action: 'destroy', error: 'RequestError', reason: stdout[0] }]);
  });

  test('stops to change limits while there is time to record and to answer what was done', async () => {
    await using cloudFormation = await answerServer();
    const { client, store } = await newTable();
    await new Registry(store, systemClock).registerNamespace('default');
    const timers: [act: () => void, ms: number][] = [];
    const setTimeout = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms: number) => {
      timers.push([act, ms]);
      return { unref: () => {} };
    }) as never);
    const ResourceProperties = { Resources: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`r${at}`, { Limits: { rpm: { Capacity: '1' } } }])) };
    const event = cfnEvent('Create', { ResourceType: 'Custom::ZaeLimiterLimits', ResponseURL: cloudFormation.url, ResourceProperties });

    await runFunction({ ...UNSET, TABLE_NAME: store.tableName }, provisioner, async ({ handler }) => {
      const running = handler(event, remaining(300_000));
      timers.find(([, ms]) => ms === 280_000)![0]();
      await running;
    });

    setTimeout.mockRestore();
    const reason = expect.stringMatching(/^200 of 200 changes failed: create resource r0: there was no time left; /);
    expect(cloudFormation.received).toMatchObject([{ body: { Status: 'FAILED', Reason: reason } }]);
    expect(await new LimitsProvisioner({ store, namespaceId: (await new NamespacesAdmin({ store }).get('default'))!.id }).record()).toMatchObject({
      managed: { resources: [] }, lastApplied: expect.any(String),
    });
    client.destroy();
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
