import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDbStore, Limit, RateLimiter, type OpenOptions } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import type { Item } from '@zae-limiter/client/schema/attributes';
import { CapacityMeter, FakeClock } from '@zae-limiter/client/testing';
import { connectDynamoDbTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { putItem } from '../support/bucket';

let table: TestTable;
let tables = 0;

beforeAll(async () => { table = await connectDynamoDbTable(); });

const open = (options: OpenOptions) => RateLimiter.open({ timeoutMs: PATIENCE_MS, ...options });

const VERSION = { pk: '_/SYSTEM#', sk: '#VERSION' };
const namespaceRecord = (status: string): Item => ({ namespace_id: { S: 'ns1' }, namespace_name: { S: 'default' }, status: { S: status } });

/** A table with nothing but keys, to fill with records that a deployed one never has. */
async function bareTable(): Promise<TestTable> {
  const name = `bare-${process.pid}-${++tables}`;
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  await table.client.send(new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [key('PK', 'HASH'), key('SK', 'RANGE')],
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }, { AttributeName: 'SK', AttributeType: 'S' }],
  }));
  return { ...table, name, store: new DynamoDbStore(table.client, name, { timeoutMs: PATIENCE_MS }) };
}

describe('open', () => {
  const options = (more: OpenOptions = {}): OpenOptions => ({ stack: table.name, namespace: table.namespace, client: table.client, ...more });

  test('reads the namespace and the version, and nothing else', async () => {
    table.meter.take();

    await open(options());

    expect(table.meter.take()).toMatchObject({ operations: ['GetItem', 'GetItem'], writeUnits: 0 });
  });

  test('takes the names from the environment that the construct sets', async () => {
    process.env.ZAEL_STACK = table.name;
    process.env.ZAEL_NAMESPACE = table.namespace;
    try {
      await expect(open({ client: table.client })).resolves.toBeInstanceOf(RateLimiter);
      await expect(open({ client: table.client, namespace: 'nobody' })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    } finally {
      delete process.env.ZAEL_STACK;
      delete process.env.ZAEL_NAMESPACE;
    }
  });

  test('looks for the limiter zae-limiter and the namespace default when nobody names others', async () => {
    await expect(open({ client: table.client })).rejects.toMatchObject({ tableName: 'zae-limiter' });
    await expect(open({ client: table.client, stack: table.name, namespace: '' })).rejects.toMatchObject({ namespace: 'default' });
  });

  test('makes a client of its own, and closes it', async () => {
    {
      const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
      await using limiter = await open({ stack: table.name, namespace: table.namespace, endpoint });
      await expect(limiter.tryAcquire({ entity: 'u', resource: 'api', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 1)] }))
        .resolves.toMatchObject({ outcome: 'allowed' });
    }
  });

  test('never closes a client that it was given', async () => {
    const client = new DynamoDBClient({});
    const destroy = jest.spyOn(client, 'destroy');

    await (await open(options({ client }))).close();
    await open(options({ client, namespace: 'nobody' })).catch(() => undefined);

    expect(destroy).not.toHaveBeenCalled();
    client.destroy();
  });

  test('works with a document client too', async () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    const limiter = await open(options({ client }));

    const lease = await limiter.acquire({ entity: 'document', resource: 'api', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 5)] });

    expect(lease.consumed).toEqual({ rpm: 1 });
    client.destroy();
  });

  test.each([
    ['a bad name', { stack: 'my_app' }, { code: 'VALIDATION_FAILED', field: 'name', value: 'my_app', reason: 'underscore' }],
    ['a bad namespace', { namespace: '_' }, { code: 'VALIDATION_FAILED', field: 'namespace', value: '_', reason: 'reserved' }],
    ['a missing table', { stack: 'no-such-table' }, { code: 'INFRASTRUCTURE_NOT_FOUND', tableName: 'no-such-table' }],
    ['a missing namespace', { namespace: 'nobody' }, { code: 'NAMESPACE_NOT_FOUND', namespace: 'nobody' }],
  ])('rejects %s and writes nothing', async (_, more, error) => {
    table.meter.take();

    await expect(open(options(more))).rejects.toMatchObject(error);

    expect(table.meter.take().writeUnits).toBe(0);
  });

  test('rejects a table that does not answer', async () => {
    await expect(open({ stack: table.name, client: new DynamoDBClient({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }) }))
      .rejects.toMatchObject({ code: 'UNAVAILABLE', cause: expect.anything() });
  });

  test.each([
    ['no version record', undefined, 'INCOMPATIBLE_SCHEMA'],
    ['another major version', { schema_version: { S: '1.0.0' } }, 'INCOMPATIBLE_SCHEMA'],
    ['a demand for newer clients', { schema_version: { S: '0.10.0' }, client_min_version: { S: '0.11.0' } }, 'VERSION_MISMATCH'],
  ])('rejects a table with %s', async (_, version, code) => {
    const bare = await bareTable();
    await putItem(bare, { pk: '_/SYSTEM#', sk: '#NAMESPACE#default' }, namespaceRecord('active'));
    if (version !== undefined) await putItem(bare, VERSION, version);

    await expect(open({ stack: bare.name, client: table.client })).rejects.toMatchObject({ code });
  });

  test.each(['deleted', 'purging'])('rejects a namespace that is %s', async (status) => {
    const bare = await bareTable();
    await putItem(bare, { pk: '_/SYSTEM#', sk: '#NAMESPACE#default' }, namespaceRecord(status));
    await new Registry(bare.store, systemClock).recordVersion('0.10.0', 'test');

    await expect(open({ stack: bare.name, client: table.client })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  });
});

describe('available', () => {
  const setUp = async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId, clock });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100), Limit.perMinute('tpm', 1000)], { resource: 'available' });
    return { limiter, clock };
  };

  test('is the capacity when there is no bucket yet', async () => {
    const { limiter } = await setUp();

    expect(await limiter.available('nobody', 'available')).toMatchObject([{ name: 'rpm', remaining: 100 }, { name: 'tpm', remaining: 1000 }]);
  });

  test('W47: is what is stored and what refilled since, with one read and no write', async () => {
    const { limiter, clock } = await setUp();
    await limiter.acquire({ entity: 'reader', resource: 'available', consume: { rpm: 100, tpm: 10 } });
    clock.advance(30_000);
    table.meter.take();

    const views = await limiter.available('reader', 'available');

    expect(views).toMatchObject([{ name: 'rpm', remaining: 50, resetMs: 30_000, source: 'resource' }, { name: 'tpm', remaining: 1000 }]);
    expect(table.meter.take()).toMatchObject({ operations: ['GetItem'], writeUnits: 0 });
  });

  test.each([
    ['a bad entity', 'a#b', 'available', 'INVALID_IDENTIFIER'],
    ['a bad resource', 'reader', '', 'INVALID_IDENTIFIER'],
    ['a resource without limits', 'reader', 'unlimited', 'NO_LIMITS_CONFIGURED'],
  ])('rejects %s', async (_, entity, resource, code) => {
    const { limiter } = await setUp();

    await expect(limiter.available(entity, resource)).rejects.toMatchObject({ code });
  });
});

describe('the cache', () => {
  test('shows its use and can be emptied', async () => {
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100)], { resource: 'cached' });
    await limiter.available('u', 'cached');

    expect(limiter.cache.stats()).toMatchObject({ misses: 5, size: 5, ttlMs: 60_000 });
    limiter.cache.invalidate();
    expect(limiter.cache.stats().size).toBe(0);
  });
});

describe('CapacityMeter', () => {
  test('counts reads, writes and refusals of its client alone', async () => {
    const client = new DynamoDBClient({});
    const meter = new CapacityMeter(client);
    const store = new DynamoDbStore(client, table.name, { timeoutMs: PATIENCE_MS });
    const key = { pk: `${table.namespaceId}/SYSTEM#`, sk: 'meter' };

    await store.update({ key, changes: new Map([['x', { set: { S: 'x' } }]]), conditions: [] });
    await store.update({ key, changes: new Map([['x', { set: { S: 'y' } }]]), conditions: [{ absent: 'x' }] });
    await store.get(key);
    await table.store.get(key);

    expect(meter.take()).toEqual({ calls: 3, operations: ['UpdateItem', 'UpdateItem', 'GetItem'], writeUnits: 1, readUnits: 0.5, refused: 1 });
    expect(meter.take().calls).toBe(0);
    client.destroy();
  });
});

describe('DynamoDB that does not answer', () => {
  test('counts as an outage after the time that it is given', async () => {
    const server = (await import('node:http')).createServer(() => undefined); // accepts, and never answers
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1 });
    const store = new DynamoDbStore(client, table.name);
    const limiter = new RateLimiter({ timeoutMs: 50, store, namespaceId: table.namespaceId });

    const decision = await limiter.tryAcquire({
      entity: 'user-1', resource: 'api', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 1)], onUnavailable: 'allow',
    });

    expect(decision.outcome).toBe('degraded');
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
