import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Admin, listDeployed, MemoryStore, SCHEMA_VERSION } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { newTable } from '../../../../test/lambda/support/new-table';
import { connectTestTable, type TestTable } from '../../../../test/support/table';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

describe('the status of a table', () => {
  test('says whether it can be used, how large it is and which schema it follows', async () => {
    expect(await new Admin({ store: table.store, namespaceId: table.namespaceId }).status()).toEqual({
      tableName: table.name, latencyMs: expect.any(Number), status: 'ACTIVE', itemCount: expect.any(Number), sizeBytes: expect.any(Number), streamEnabled: true,
      version: { schemaVersion: SCHEMA_VERSION, clientMinimum: '0.0.0', lambdaVersion: undefined, updatedAt: expect.any(String), updatedBy: 'test' },
    });
  });

  test('has no version before the table was prepared', async () => {
    const admin = new Admin({ store: new MemoryStore(), namespaceId: 'ns1' });

    expect(await admin.version()).toBeUndefined();
    expect(await admin.status()).toMatchObject({ tableName: 'memory', itemCount: 0, version: undefined });
  });
});

describe('the limiters of a region', () => {
  test('are the tables with a version record; others are left out', async () => {
    const [limiter, unprepared] = [await newTable(), await newTable()];
    await new Registry(limiter.store, systemClock).recordVersion(SCHEMA_VERSION, 'cdk:1.2.3');
    await table.client.send(new CreateTableCommand({
      TableName: `other-key-${process.pid}`, BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
    }));
    await table.client.send(new CreateTableCommand({
      TableName: `no.limiter_${process.pid}`, BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
    }));

    const found = await listDeployed({ client: table.client });

    const names = found.map(({ stack }) => stack);
    expect(names).toEqual(expect.arrayContaining([table.name, limiter.store.tableName]));
    expect(names).not.toContain(unprepared.store.tableName);
    expect(names.filter((name) => name.endsWith(String(process.pid)))).toEqual([]);
    expect(found.find(({ stack }) => stack === limiter.store.tableName)!.version).toMatchObject({ schemaVersion: SCHEMA_VERSION, updatedBy: 'cdk:1.2.3' });
    expect((await listDeployed()).map(({ stack }) => stack)).toEqual(expect.arrayContaining(names));
    for (const { client } of [limiter, unprepared]) client.destroy();
  });

  /** A client that lists these tables, two a page, and answers reads with what is given. */
  function scripted(read: (table: string) => unknown): DynamoDBClient {
    const pages = [{ TableNames: ['aaa', 'bbb'], LastEvaluatedTableName: 'bbb' }, { TableNames: ['ccc'] }];
    const client = new DynamoDBClient({});
    client.send = (async ({ input }: { input: { TableName?: string } }) => {
      const answer = input.TableName === undefined ? pages.shift() : read(input.TableName);
      if (answer instanceof Error) throw answer;
      return answer;
    }) as never;
    return client;
  }
  const named = (name: string) => Object.assign(new Error(name), { name });
  const record = { Item: { schema_version: { S: '0.10.0' } } };

  test('W35: are found on every page', async () => {
    expect((await listDeployed({ client: scripted(() => record) })).map(({ stack }) => stack)).toEqual(['aaa', 'bbb', 'ccc']);
  });

  test('leave out what the caller may not read, or what is gone by now', async () => {
    const client = scripted((name) => ({ aaa: named('AccessDeniedException'), bbb: named('ResourceNotFoundException') })[name] ?? record);

    expect((await listDeployed({ client })).map(({ stack }) => stack)).toEqual(['ccc']);
  });

  test('reject when DynamoDB does not answer', async () => {
    await expect(listDeployed({ client: scripted(() => named('UnknownEndpoint')) })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
