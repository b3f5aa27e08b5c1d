import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Limit, RateLimiter, type AuditEvent } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import { auditItem } from '@zae-limiter/client/schema/audit-item';
import { pk, sk } from '@zae-limiter/client/schema/keys';
import { archive } from '../../../lambda-src/aggregator/archive';
import { S3ArchiveStore } from '../../../lambda-src/aggregator/s3-archive-store';
import { start } from '../../../tools/s3-mock.cjs';
import { readStream } from '../../../tools/stream';
import { connectDynamoDbTable, PATIENCE_MS, type TestTable } from '../../support/table';
import { BY_TTL } from '../support/audit-record';
import { silentServer } from '../support/cloudformation';

const OPERATOR = { principal: 'jo@example.com' };

/** An event of another year, near midnight, with everything that details can hold. */
const OLD: AuditEvent = {
  id: '01HM9Z0000OLD', timestamp: '2024-02-29T23:59:59Z', action: 'limits_set', entity: 'user-1', principal: undefined, resource: 'v1/chat',
  details: { limits: [{ name: 'rpm', capacity: 100 }], cascade: true, parent_id: null, ratio: 0.5, note: 'naïve\n"✓"' },
};
const EXPIRED: AuditEvent = { ...OLD, id: '01HM9Z000EXPIRED', timestamp: '2024-03-01T00:00:00Z', details: {} };

/** The line that an event becomes, as the specification has it. */
const lineOf = (namespaceId: string, deletedBy: string, { id, entity, action, timestamp, principal, resource, details }: AuditEvent) => ({
  event_id: id, entity_id: entity, action, timestamp, principal: principal ?? null, resource: resource ?? null, details,
  namespace_id: namespaceId, deleted_by: deletedBy,
});

/** A server in front of another one, which refuses the first requests as a busy S3 does. */
async function busyServer(endpoint: string, refusals: number): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (refusals-- > 0) {
      request.resume();
      response.writeHead(503, { 'content-type': 'application/xml' }).end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
      return;
    }
    const { method, headers, url } = request;
    request.pipe(forward(new URL(url!, endpoint), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Makes audit events in a namespace; gives back all of them. */
async function makeEvents(table: TestTable): Promise<AuditEvent[]> {
  const { admin } = await RateLimiter.open({ stack: table.name, namespace: table.namespace, client: table.client, timeoutMs: PATIENCE_MS });
  await admin.entities.create({ id: 'user-1', name: 'User', metadata: { team: 'a' } }, OPERATOR);
  await admin.limits.set([Limit.perMinute('rpm', 100)], { entity: 'user-1', resource: 'v1/chat' }, OPERATOR);
  await admin.limits.set([Limit.perMinute('rpm', 1000)], { resource: 'v1/chat' });
  for (const event of [OLD, EXPIRED]) await put(table, event);
  const events: AuditEvent[] = [];
  for (const filter of [{ entity: 'user-1' }, { resource: 'v1/chat' }]) {
    for await (const event of admin.audit.list(filter)) events.push(event);
  }
  return events;
}

async function put({ client, name, namespaceId }: TestTable, event: AuditEvent): Promise<void> {
  await client.send(new PutItemCommand({ TableName: name, Item: auditItem(namespaceId, event, Date.now(), 90) as never }));
}

/** Deletes events, and gives the records by which the stream tells of it. */
async function remove({ store, name, namespaceId }: TestTable, events: readonly AuditEvent[]): Promise<DynamoDBRecord[]> {
  await store.deleteMany(events.map(({ id, entity }) => ({ pk: pk.audit(namespaceId, entity), sk: sk.audit(id) })));
  const streams = new DynamoDBStreamsClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
  const records = await readStream(streams, name);
  streams.destroy();
  return records.filter(({ eventName, dynamodb }) => eventName === 'REMOVE' && dynamodb!.Keys!.PK!.S!.startsWith(`${namespaceId}/AUDIT#`));
}

describe('audit events that leave the table', () => {
  let table: TestTable;
  let mock: Awaited<ReturnType<typeof start>>;
  let s3: S3Client;
  let events: readonly AuditEvent[];
  let deleted: readonly DynamoDBRecord[];
  let expired: readonly DynamoDBRecord[];
  const clientOf = (endpoint: string) => new S3Client({ endpoint, forcePathStyle: true, maxAttempts: 1 });

  beforeAll(async () => {
    [table, mock] = await Promise.all([connectDynamoDbTable(), start()]);
    s3 = clientOf(mock.endpoint);
    const all = await makeEvents(table);
    const records = await remove(table, all);
    expect(records).toHaveLength(all.length);
    const isExpired = ({ dynamodb }: DynamoDBRecord): boolean => dynamodb!.Keys!.SK!.S === sk.audit(EXPIRED.id);
    events = all.filter(({ id }) => id !== EXPIRED.id);
    deleted = records.filter((record) => !isExpired(record));
    expired = records.filter(isExpired).map((record) => ({ ...record, userIdentity: BY_TTL })); // as if DynamoDB had deleted it
  }, 240_000);
  afterAll(async () => {
    s3?.destroy();
    table?.client.destroy();
    await mock?.stop();
  });

  let buckets = 0;
  /** An empty bucket of a test's own. */
  async function newBucket(): Promise<string> {
    const Bucket = `archive-${buckets++}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }

  /** Everything in a bucket: headers, and bytes. */
  async function contents(Bucket: string) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return Promise.all(Contents.map(async ({ Key }) => {
      const { Body, ContentType, ContentEncoding } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return { Key: Key!, ContentType, ContentEncoding, bytes: Buffer.from(await Body!.transformToByteArray()) };
    }));
  }

  const read = (bytes: Buffer) => gunzipSync(bytes).toString('utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown);

  const numbersOf = (records: readonly DynamoDBRecord[]) => records.map(({ dynamodb }) => dynamodb!.SequenceNumber!).sort();

  /** The lines of some events by the day on which they happened. */
  function expected(deletedBy: string, some: readonly AuditEvent[]): Record<string, unknown[]> {
    const sorted = [...some].sort((a, b) => (`${a.timestamp} ${a.id}` < `${b.timestamp} ${b.id}` ? -1 : 1));
    const days: Record<string, unknown[]> = {};
    for (const event of sorted) {
      const [year, month, day] = event.timestamp.slice(0, 10).split('-');
      (days[`audit/year=${year}/month=${month}/day=${day}`] ??= []).push(lineOf(table.namespaceId, deletedBy, event));
    }
    return days;
  }

  const byDay = (objects: Awaited<ReturnType<typeof contents>>) =>
    Object.fromEntries(objects.map(({ Key, bytes }) => [Key.slice(0, Key.lastIndexOf('/')), read(bytes)]));

  test('F-30: are in the bucket, each under its day, with who made the change and in which namespace', async () => {
    const bucket = await newBucket();

    const result = await archive(deleted, new S3ArchiveStore(s3, bucket), 'all');

    const objects = await contents(bucket);
    expect(events.map(({ action, principal }) => [action, principal])).toEqual(expect.arrayContaining([
      ['entity_created', OPERATOR.principal], ['limits_set', OPERATOR.principal], ['limits_set', undefined],
    ]));
    expect(byDay(objects)).toEqual(expected('request', events));
    expect(objects.every(({ ContentType, ContentEncoding }) => ContentType === 'application/x-ndjson' && ContentEncoding === 'gzip')).toBe(true);
    expect(objects[0]!.Key).toMatch(/^audit\/year=2024\/month=02\/day=29\/audit-[0-9a-f]{16}-2024-02-29T23-59-59Z\.jsonl\.gz$/);
    expect(result).toEqual({ archived: events.length, objects: objects.length, failures: [] });
  });

  test('F-03, W48: are archived when they expire, and in scope ttl no others are', async () => {
    const bucket = await newBucket();

    const result = await archive([...deleted, ...expired], new S3ArchiveStore(s3, bucket), 'ttl');

    expect(byDay(await contents(bucket))).toEqual(expected('ttl', [EXPIRED]));
    expect(result).toEqual({ archived: 1, objects: 1, failures: [] });
  });

  test('are the same objects with the same bytes after a second delivery', async () => {
    const bucket = await newBucket();
    const store = new S3ArchiveStore(s3, bucket);

    await archive([...deleted, ...expired], store, 'all');
    const first = await contents(bucket);
    await archive([...deleted, ...expired], store, 'all');

    expect(first).toHaveLength(Object.keys({ ...expected('request', events), ...expected('ttl', [EXPIRED]) }).length);
    expect(await contents(bucket)).toEqual(first);
  });

  test('F-30: that a busy S3 refused are reported, and stored with the next delivery', async () => {
    const bucket = await newBucket();
    await using busy = await busyServer(mock.endpoint, 1);
    const store = new S3ArchiveStore(clientOf(busy.endpoint), bucket);

    const first = await archive(expired, store, 'ttl');
    const between = await contents(bucket);
    const second = await archive(expired, store, 'ttl');

    expect(first).toMatchObject({ archived: 0, objects: 0, failures: [{ error: { name: 'SlowDown', $metadata: { httpStatusCode: 503 } } }] });
    expect(first.failures[0]!.sequenceNumbers).toEqual(numbersOf(expired));
    expect(between).toEqual([]);
    expect(second).toEqual({ archived: 1, objects: 1, failures: [] });
    expect(byDay(await contents(bucket))).toEqual(expected('ttl', [EXPIRED]));
  });

  test('F-30: that have no bucket to go to are reported, and stored when there is one', async () => {
    const bucket = `archive-${buckets}`;
    const store = new S3ArchiveStore(s3, bucket);

    const first = await archive(deleted, store, 'all');
    await newBucket();
    const second = await archive(deleted, store, 'all');

    expect(first.failures.flatMap(({ sequenceNumbers }) => sequenceNumbers).sort()).toEqual(numbersOf(deleted));
    expect(first.failures[0]!.error).toMatchObject({ name: 'NoSuchBucket' });
    expect(second).toMatchObject({ archived: events.length, failures: [] });
  });

  test('F-30: are reported when S3 does not answer in time', async () => {
    await using silent = await silentServer();

    const { archived, failures } = await archive(expired, new S3ArchiveStore(clientOf(silent.url), 'any', 50), 'ttl');

    expect({ archived, failures }).toMatchObject({ archived: 0, failures: [{ error: { name: 'AbortError' } }] });
  });
});
