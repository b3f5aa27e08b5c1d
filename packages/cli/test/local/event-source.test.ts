import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient, ListStreamsCommand, TrimmedDataAccessException } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { testTemplate } from '../../../../test/support/table';
import { Checkpoints } from '../../src/local/checkpoints';
import { EventSource, type EventSourceOptions } from '../../src/local/event-source';
import { createTable } from '../../src/local/template';

const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
const dynamoDb = new DynamoDBClient({ endpoint });
const client = new DynamoDBStreamsClient({ endpoint });
const never = new AbortController().signal;

let table: string;
let streamArn: string;
let folder: string;
let logged: string[];
beforeEach(async () => {
  table = await createTable(dynamoDb, testTemplate(), { TableName: `stream-${Date.now()}` });
  streamArn = (await client.send(new ListStreamsCommand({ TableName: table }))).Streams![0]!.StreamArn!;
  folder = mkdtempSync(join(tmpdir(), 'zael-'));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => [dynamoDb, client].forEach((sdk) => sdk.destroy()));

async function put(...names: string[]): Promise<void> {
  for (const name of names) await dynamoDb.send(new PutItemCommand({ TableName: table, Item: { PK: { S: name }, SK: { S: '-' } } }));
}

const nameOf = (record: DynamoDBRecord): string => record.dynamodb!.Keys!.PK!.S!;
const sequenceOf = (record: DynamoDBRecord): string => record.dynamodb!.SequenceNumber!;

/** A source whose deliveries are answered in turn; once there is no answer left, all is well. */
function source(answers: ((records: readonly DynamoDBRecord[]) => string[])[], options: Partial<EventSourceOptions> = {}) {
  const delivered: string[] = [];
  const left = [...answers];
  return {
    delivered,
    events: new EventSource({
      client, streamArn, batchSize: 100, retryAttempts: 2, pollMs: 1, checkpoints: new Checkpoints(null, streamArn),
      log: (message) => logged.push(message),
      deliver: async (records) => {
        delivered.push(records.map(nameOf).join(''));
        return left.shift()?.(records) ?? [];
      },
      ...options,
    }),
  };
}

const all = (records: readonly DynamoDBRecord[]): string[] => records.map(sequenceOf);
const from = (name: string) => (records: readonly DynamoDBRecord[]): string[] => records.filter((record) => nameOf(record) >= name).map(sequenceOf);
const crash = (): never => { throw new Error('out of memory'); };

test.each<[title: string, answers: ((records: readonly DynamoDBRecord[]) => string[])[], delivered: string[], logged: string[]]>([
  ['once, in order', [], ['abc'], []],
  ['again from the first that failed on', [from('b')], ['abc', 'bc'], []],
  ['again as a whole after a crash', [crash], ['abc', 'abc'], ['Error delivering a batch']],
  ['without one that fails for good', [all, all, all], ['abc', 'abc', 'abc', 'bc'], ['A record failed for good and is skipped']],
  ['as often as there is progress', [from('b'), from('b'), from('c'), from('c')], ['abc', 'bc', 'bc', 'c', 'c'], []],
])('delivers records %s', async (_, answers, expected, messages) => {
  await put('a', 'b', 'c');
  const { events, delivered } = source(answers);
  await events.poll(never);

  expect(delivered).toEqual(expected);
  expect(logged).toEqual(messages);
});

test('delivers no more at once than the batch may hold', async () => {
  await put('a', 'b', 'c');
  const { events, delivered } = source([], { batchSize: 2 });
  while (await events.poll(never) > 0);

  expect(delivered).toEqual(['ab', 'c']);
});

test('goes on where another process ended, and starts over on another stream', async () => {
  const file = join(folder, 'checkpoints.json');
  await put('a', 'b');
  await source([], { checkpoints: new Checkpoints(file, streamArn) }).events.poll(never);
  await put('c');

  const next = source([], { checkpoints: new Checkpoints(file, streamArn) });
  await next.events.poll(never);
  expect(next.delivered).toEqual(['c']);
  const other = source([], { checkpoints: new Checkpoints(file, 'arn:of:another') });
  await other.events.poll(never);
  expect(other.delivered).toEqual(['abc']);
});

test('goes on after an error of the stream', async () => {
  await put('a');
  const stop = new AbortController();
  let calls = 0;
  const flaky = {
    send: async (...args: Parameters<DynamoDBStreamsClient['send']>) => {
      if (++calls === 2) throw new Error('the connection was lost');
      return client.send(...args);
    },
  } as unknown as DynamoDBStreamsClient;
  const { events, delivered } = source([() => { stop.abort(); return []; }], { client: flaky });
  await events.run(stop.signal);

  expect([delivered, logged]).toEqual([['a'], ['Error reading the stream']]);
});

describe('what DynamoDB Local does not show', () => {
  /** A stream of two shards, the second the child of the first, that answers like AWS. */
  function twoShards(failure?: Error): DynamoDBStreamsClient {
    const record = (name: string) => ({ dynamodb: { Keys: { PK: { S: name } }, SequenceNumber: name, ApproximateCreationDateTime: new Date(0) } });
    const answers: Readonly<Record<string, (input: Record<string, string>) => object>> = {
      DescribeStreamCommand: ({ ExclusiveStartShardId }) => ({
        StreamDescription: ExclusiveStartShardId === undefined
          ? { Shards: [{ ShardId: 'parent' }], LastEvaluatedShardId: 'parent' }
          : { Shards: [{ ShardId: 'child', ParentShardId: 'parent' }] },
      }),
      GetShardIteratorCommand: ({ ShardId, ShardIteratorType }) => {
        if (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER' && failure !== undefined) throw failure;
        return { ShardIterator: ShardId };
      },
      GetRecordsCommand: ({ ShardIterator }) => (ShardIterator === 'parent'
        ? { Records: [record('a')] }
        : { Records: ShardIterator === 'child' ? [record('b')] : [], NextShardIterator: 'end' }),
    };
    const send = async (command: { input: Record<string, string> }) => answers[command.constructor.name]!(command.input);
    return { send } as unknown as DynamoDBStreamsClient;
  }

  test('reads a shard after its parent was read to its end', async () => {
    const { events, delivered } = source([], { client: twoShards() });
    while (await events.poll(never) > 0);

    expect(delivered).toEqual(['a', 'b']);
  });

  test('starts a shard over when the stream no longer holds what was read last', async () => {
    const checkpoints = new Checkpoints(null, streamArn);
    checkpoints.set('parent', 'long ago');
    const { events, delivered } = source([], { checkpoints, client: twoShards(new TrimmedDataAccessException({ message: 'trimmed', $metadata: {} })) });
    await events.poll(never);

    expect([delivered, checkpoints.get('parent')]).toEqual([['a'], 'a']);
  });

  test('reports any other error of a shard', async () => {
    const checkpoints = new Checkpoints(null, streamArn);
    checkpoints.set('parent', 'a');
    await expect(source([], { checkpoints, client: twoShards(new Error('no')) }).events.poll(never)).rejects.toThrow('no');
  });
});
