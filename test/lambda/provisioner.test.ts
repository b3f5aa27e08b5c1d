import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore } from '@zae-limiter/client';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { readText, text, type Item } from '@zae-limiter/client/schema/attributes';
import { FakeClock } from '@zae-limiter/client/testing';
import type { CfnAnswer } from '../../lambda-src/provisioner/cfn-response';
import { customResource } from '../../lambda-src/provisioner/custom-resource';
import { cfnEvent, PROPERTIES } from './support/cloudformation';
import { newTable, type NewTable } from './support/new-table';
import { toolsOf } from './support/provisioner';

/** Carries a request out on a table, at a fixed time. */
function request(
  { store }: Pick<NewTable, 'store'>, type: CloudFormationCustomResourceEvent['RequestType'], properties: Readonly<Record<string, unknown>> = {},
  differences: Readonly<Record<string, unknown>> = {}, clock = new FakeClock(),
): Promise<CfnAnswer> {
  return customResource(cfnEvent(type, { ResourceProperties: { ...PROPERTIES, ...properties }, ...differences }), toolsOf(store, clock));
}

const REGISTRY = { PK: text('_/SYSTEM#'), GSI4PK: text('_'), GSI4SK: text('_/SYSTEM#') };

const VERSION_RECORD = {
  ...REGISTRY,
  SK: text('#VERSION'),
  schema_version: text('0.10.0'),
  lambda_version: { NULL: true },
  client_min_version: text('0.0.0'),
  updated_at: text('2100-01-01T00:00:00Z'),
  updated_by: text('cdk:1.2.3'),
};

/** All records of a namespace that bootstrap makes. */
const namespaceRecords = (name: string, id: string, days: string, createdAt = '2100-01-01T00:00:00Z'): Item[] => {
  const record = { ...REGISTRY, namespace_id: text(id), namespace_name: text(name), status: text('active'), created_at: text(createdAt) };
  const [system, audit] = [`${id}/SYSTEM#`, `${id}/AUDIT#$SYSTEM`];
  return [
    {
      PK: text(audit), SK: expect.any(Object), GSI4PK: text(id), GSI4SK: text(audit), event_id: expect.any(Object), timestamp: text(createdAt),
      action: text('namespace_created'), entity_id: text('$SYSTEM'), principal: { NULL: true }, resource: { NULL: true },
      details: { M: { namespace_name: text(name) } }, ttl: { N: String(Date.parse(createdAt) / 1000 + 90 * 86_400) },
    },
    { ...record, SK: text(`#NAMESPACE#${name}`) },
    { ...record, SK: text(`#NSID#${id}`) },
    { PK: text(system), SK: text('#CONFIG'), GSI4PK: text(id), GSI4SK: text(system), config_version: { N: '1' }, audit_retention_days: { N: days } },
  ];
};

/** Ids of the namespaces in a table, by name. */
async function namespaceIds({ items }: NewTable): Promise<Record<string, string>> {
  const byName = (await items()).filter((item) => readText(item, 'SK')!.startsWith('#NAMESPACE#'));
  return Object.fromEntries(byName.map((item) => [readText(item, 'namespace_name')!, readText(item, 'namespace_id')!]));
}

const sorted = (items: readonly Item[]): Item[] => {
  const order = ({ PK, SK }: Item): string => JSON.stringify([PK, SK]);
  return [...items].sort((a, b) => (order(a) < order(b) ? -1 : 1));
};

describe('the creation of a table', () => {
  test('F-24, F-25, W49: writes the version record, the namespaces and the audit retention, and nothing else', async () => {
    const table = await newTable();

    const answer = await request(table, 'Create', { Namespaces: ['default', 'tenant-1'], AuditRetentionDays: '30' });

    expect(answer).toEqual({ status: 'SUCCESS', physicalResourceId: `${table.store.tableName}/bootstrap`, data: { SchemaVersion: '0.10.0' } });
    const ids = await namespaceIds(table);
    expect(Object.keys(ids)).toEqual(['default', 'tenant-1']);
    expect(await table.items()).toEqual(sorted([
      VERSION_RECORD, ...namespaceRecords('default', ids.default!, '30'), ...namespaceRecords('tenant-1', ids['tenant-1']!, '30'),
    ] as Item[]));
    table.client.destroy();
  });

  test('works without any namespace', async () => {
    const table = await newTable();

    const answer = await request(table, 'Create', { Namespaces: [] });

    expect(answer.status).toBe('SUCCESS');
    expect(await table.items()).toEqual([VERSION_RECORD]);
    table.client.destroy();
  });

  test('can be repeated: what is there already stays', async () => {
    const table = await newTable();
    await request(table, 'Create');
    const before = await table.items();

    const answer = await request(table, 'Create', { Namespaces: ['default', 'default'] });

    expect(answer.status).toBe('SUCCESS');
    expect(await table.items()).toEqual(before);
    table.client.destroy();
  });

  test('F-13: fails with an id of its own when the table is missing', async () => {
    const { client } = await newTable();

    const answer = await request({ store: new DynamoDbStore(client, 'no-such-table') }, 'Create');

    expect(answer).toEqual({
      status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: expect.stringContaining("table 'no-such-table' does not exist"),
    });
    client.destroy();
  });
});

describe('an update', () => {
  const UPDATED = { ...VERSION_RECORD, updated_at: text('2100-01-02T00:00:00Z'), updated_by: text('cdk:2.0.0') };

  /** A table that was created a day ago. */
  async function createdTable(): Promise<{ table: NewTable; id: string; clock: FakeClock }> {
    const table = await newTable();
    const clock = new FakeClock();
    await request(table, 'Create', {}, {}, clock);
    clock.advance(86_400_000);
    return { table, clock, id: (await namespaceIds(table)).default! };
  }

  test('says who wrote last and how long audit events are kept, and leaves the namespaces alone', async () => {
    const { table, id, clock } = await createdTable();

    const answer = await request(table, 'Update', { LibraryVersion: '2.0.0', AuditRetentionDays: '365' }, {}, clock);

    expect(answer).toMatchObject({ status: 'SUCCESS', physicalResourceId: `${table.store.tableName}/bootstrap` });
    expect(await table.items()).toEqual(sorted([UPDATED, ...namespaceRecords('default', id, '365')] as Item[]));
    table.client.destroy();
  });

  test('adds a namespace, and keeps the ids of those that were there', async () => {
    const { table, id, clock } = await createdTable();

    await request(table, 'Update', { LibraryVersion: '2.0.0', Namespaces: ['default', 'second'] }, {}, clock);

    const second = (await namespaceIds(table)).second!;
    expect(await table.items()).toEqual(sorted([
      UPDATED, ...namespaceRecords('default', id, '90'), ...namespaceRecords('second', second, '90', '2100-01-02T00:00:00Z'),
    ] as Item[]));
    table.client.destroy();
  });

  test('keeps a namespace that is no longer named, with everything in it', async () => {
    const { table, id, clock } = await createdTable();

    await request(table, 'Update', { LibraryVersion: '2.0.0', Namespaces: [] }, {}, clock);

    expect(await table.items()).toEqual(sorted([UPDATED, ...namespaceRecords('default', id, '90')] as Item[]));
    table.client.destroy();
  });

  test('F-13: of a resource whose creation failed makes up for it', async () => {
    const table = await newTable();

    const answer = await request(table, 'Update', { Namespaces: [] }, { PhysicalResourceId: 'create-failed/request-0' });

    expect(answer).toMatchObject({ status: 'SUCCESS', physicalResourceId: `${table.store.tableName}/bootstrap` });
    expect(await table.items()).toEqual([VERSION_RECORD]);
    table.client.destroy();
  });

  test('keeps the physical id when it fails', async () => {
    const { client } = await newTable();

    const answer = await request({ store: new DynamoDbStore(client, 'no-such-table') }, 'Update');

    expect(answer).toMatchObject({ status: 'FAILED', physicalResourceId: 'some-table/bootstrap' });
    client.destroy();
  });
});

describe('the version of the schema', () => {
  /** A table whose version record says this. */
  async function tableWith(schemaVersion: string): Promise<NewTable> {
    const table = await newTable();
    const record = { ...REGISTRY, SK: text('#VERSION'), schema_version: text(schemaVersion), lambda_version: text('0.9.9') } as never;
    await table.client.send(new PutItemCommand({ TableName: table.store.tableName, Item: record }));
    return table;
  }

  test.each(['1.0.0', '1.10.0', '0.11.0', '0.10.1', '0.100.0'])('refuses to write to a table of schema %s, and changes nothing', async (schemaVersion) => {
    const table = await tableWith(schemaVersion);
    const before = await table.items();

    const answers = [await request(table, 'Create'), await request(table, 'Update')];

    expect(answers.map(({ status }) => status)).toEqual(['FAILED', 'FAILED']);
    expect(answers.map(({ reason }) => reason)).toEqual(Array(2).fill(expect.stringContaining(`the table has schema ${schemaVersion}`)));
    expect(await table.items()).toEqual(before);
    table.client.destroy();
  });

  test.each(['0.9.0', '0.2.11', '0.10.0'])('F-25, W49: takes over a table of schema %s', async (schemaVersion) => {
    const table = await tableWith(schemaVersion);

    const answer = await request(table, 'Create', { Namespaces: [] });

    expect(answer.status).toBe('SUCCESS');
    expect(await table.items()).toEqual([VERSION_RECORD]);
    table.client.destroy();
  });
});

describe('properties that are wrong', () => {
  let table: NewTable;
  beforeAll(async () => {
    table = await newTable();
  });
  afterAll(() => table.client.destroy());

  test.each<[string, unknown]>([
    ['SchemaVersion', '0.9.0'], ['SchemaVersion', '0.11.0'], ['SchemaVersion', '1.0.0'], ['SchemaVersion', ''], ['SchemaVersion', undefined],
    ['LibraryVersion', undefined], ['LibraryVersion', 7], ['LibraryVersion', ['1.2.3']],
    ['AuditRetentionDays', '0'], ['AuditRetentionDays', '-1'], ['AuditRetentionDays', '1.5'], ['AuditRetentionDays', 'ninety'],
    ['AuditRetentionDays', ''], ['AuditRetentionDays', undefined], ['AuditRetentionDays', 'Infinity'],
    ['Namespaces', undefined], ['Namespaces', 'default'], ['Namespaces', { 0: 'default' }],
    ['namespace', ''], ['namespace', '_'], ['namespace', 'a#b'], ['namespace', 'x'.repeat(129)], ['namespace', 7], ['namespace', null],
  ])('%s=%j is refused by name, and nothing is written', async (property, value) => {
    // A wrong name comes last, behind one that could be registered.
    const properties = property === 'namespace' ? { Namespaces: ['default', value] } : { [property]: value };

    const answers = [await request(table, 'Create', properties), await request(table, 'Update', properties)];

    expect(answers).toMatchObject([
      { status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: expect.stringMatching(`^${property} (must|is reserved)`) },
      { status: 'FAILED', physicalResourceId: 'some-table/bootstrap', reason: expect.stringMatching(`^${property} (must|is reserved)`) },
    ]);
    expect(await table.items()).toEqual([]);
  });

  test('a request without properties is refused, and nothing is written', async () => {
    const answer = await request(table, 'Create', {}, { ResourceProperties: undefined });

    expect(answer).toMatchObject({ status: 'FAILED', physicalResourceId: 'create-failed/request-1' });
    expect(answer.reason).not.toBe('');
    expect(await table.items()).toEqual([]);
  });

  test.each(['Create', 'Update', 'Delete'] as const)('a %s of an unknown type is refused, and nothing is written', async (type) => {
    const answer = await request(table, type, {}, { ResourceType: 'Custom::Other' });

    expect(answer).toMatchObject({ status: 'FAILED', reason: "ResourceType must be Custom::ZaeLimiterBootstrap, -Limits or -Namespace, got 'Custom::Other'" });
    expect(await table.items()).toEqual([]);
  });
});

describe('a deletion', () => {
  test('touches nothing, so that a table that is kept stays usable', async () => {
    const table = await newTable();
    await request(table, 'Create');
    const before = await table.items();
    table.meter.take();

    const answer = await request(table, 'Delete', {}, { PhysicalResourceId: `${table.store.tableName}/bootstrap` });

    expect(answer).toEqual({ status: 'SUCCESS', physicalResourceId: `${table.store.tableName}/bootstrap` });
    expect(table.meter.take().calls).toBe(0);
    expect(await table.items()).toEqual(before);
    table.client.destroy();
  });

  test.each([
    ['succeeds when the table is gone', 'no-such-table/bootstrap', {}],
    ['answers with the id that it was asked about, as CloudFormation demands, when the table has another name by now', 'old-table/bootstrap', {}],
    ['F-13: of a creation that failed succeeds', 'create-failed/request-0', {}],
    ['F-13: of a creation that failed succeeds, whatever was wrong with it', 'create-failed/request-0', {
      ResourceType: 'Custom::Other', ResourceProperties: { Namespaces: '?' },
    }],
  ])('%s', async (_, PhysicalResourceId, differences) => {
    const { client, meter } = await newTable();

    const answer = await request({ store: new DynamoDbStore(client, 'no-such-table') }, 'Delete', {}, { PhysicalResourceId, ...differences });

    expect(answer).toEqual({ status: 'SUCCESS', physicalResourceId: PhysicalResourceId });
    expect(meter.take().calls).toBe(0);
    client.destroy();
  });
});
