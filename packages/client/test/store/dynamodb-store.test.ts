import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, InfrastructureNotFoundError, LimiterUnavailableError } from '@zae-limiter/client';
import type { Change } from '@zae-limiter/client/schema/update';
import { classifyError } from '@zae-limiter/client/store/dynamodb/classify-error';
import { conditionExpressions, updateExpressions } from '@zae-limiter/client/store/dynamodb/expressions';
import { connectDynamoDbTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';

let table: TestTable;
let keys = 0;

beforeAll(async () => { table = await connectDynamoDbTable(); });

const newKey = () => ({ pk: `${table.namespaceId}/STORE#`, sk: `item-${String(++keys).padStart(3, '0')}` });
const changes = (all: Record<string, Change>) => new Map(Object.entries(all));

/** A client that answers from a list instead of asking DynamoDB; an error in the list is thrown. */
function scripted(...answers: readonly unknown[]): { client: DynamoDBClient; sent: unknown[] } {
  const sent: unknown[] = [];
  const send = async ({ input }: { input: unknown }) => {
    sent.push(input);
    const answer = answers[sent.length - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: { send } as unknown as DynamoDBClient, sent };
}

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more });

describe('update', () => {
  test('W7: puts no name and no value into an expression', () => {
    const { UpdateExpression, ConditionExpression } = updateExpressions({
      changes: changes({ 'evil = :x, a': { add: 1 } }), conditions: [{ atLeast: ['evil) OR (b', 1] }],
    });

    expect(UpdateExpression).toBe('ADD #0 :0');
    expect(ConditionExpression).toBe('#1 >= :1');
  });

  test('without conditions and values names none', () => {
    expect(updateExpressions({ changes: changes({ a: { remove: true } }), conditions: [] })).toEqual({ UpdateExpression: 'REMOVE #0', ExpressionAttributeNames: { '#0': 'a' } });
    expect(conditionExpressions()).toEqual({});
  });
});

describe('reading', () => {
  test('gets many items in calls of a hundred', async () => {
    const some = Array.from({ length: 120 }, newKey);
    table.meter.take();

    await table.store.getMany(some);

    expect(table.meter.take().operations).toEqual(['BatchGetItem', 'BatchGetItem']);
  });

  test('W29: asks again for keys that DynamoDB left out', async () => {
    const [first, second] = [newKey(), newKey()];
    const item = ({ pk, sk }: { pk: string; sk: string }) => ({ PK: { S: pk }, SK: { S: sk } });
    const { client, sent } = scripted(
      { Responses: { t: [item(first)] }, UnprocessedKeys: { t: { Keys: [item(second)] } } },
      { Responses: { t: [item(second)] } },
    );

    const items = await new DynamoDbStore(client, 't').getMany([first, second]);

    expect(items).toEqual([item(first), item(second)]);
    expect(sent[1]).toEqual({ RequestItems: { t: { Keys: [item(second)] } } });
  });

  test('W29: rejects rather than take a key for missing that was left out again and again', async () => {
    const key = newKey();
    const left = { UnprocessedKeys: { t: { Keys: [{ PK: { S: key.pk }, SK: { S: key.sk } }] } } };
    const { client, sent } = scripted(left, left, left, left, left);

    await expect(new DynamoDbStore(client, 't').getMany([key])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(sent).toHaveLength(5);
  });

  test('W35: queries every page', async () => {
    const { client, sent } = scripted(
      { Items: [{ n: { N: '1' } }], LastEvaluatedKey: { PK: { S: 'a' } } },
      { LastEvaluatedKey: { PK: { S: 'b' } } },
      { Items: [{ n: { N: '2' } }] },
    );

    const found: unknown[] = [];
    for await (const item of new DynamoDbStore(client, 't').query({ partition: 'p' })) found.push(item);

    expect(found).toEqual([{ n: { N: '1' } }, { n: { N: '2' } }]);
    expect(sent).toMatchObject([{ ExclusiveStartKey: undefined }, { ExclusiveStartKey: { PK: { S: 'a' } } }, { ExclusiveStartKey: { PK: { S: 'b' } } }]);
  });
});

describe('transact', () => {
  const cancelled = (...codes: string[]) => named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

  test('W50: tries again when it met another transaction', async () => {
    const { client, sent } = scripted(cancelled('None', 'TransactionConflict'), cancelled('TransactionConflict'), {});

    expect(await new DynamoDbStore(client, 't').transact([])).toBe(true);
    expect(sent).toHaveLength(3);
  });

  test('a failed condition goes before a conflict', async () => {
    const { client, sent } = scripted(cancelled('TransactionConflict', 'ConditionalCheckFailed'));

    expect(await new DynamoDbStore(client, 't').transact([])).toBe(false);
    expect(sent).toHaveLength(1);
  });

  test('rejects when it meets others again and again', async () => {
    const conflict = cancelled('TransactionConflict');
    const { client, sent } = scripted(conflict, conflict, conflict, conflict, conflict);

    await expect(new DynamoDbStore(client, 't').transact([])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(sent).toHaveLength(5);
  });

  test('rejects with what else went wrong', async () => {
    const { client } = scripted(named('TransactionCanceledException'));

    await expect(new DynamoDbStore(client, 't').transact([])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: false });
  });
});

describe('removing many items', () => {
  const request = (key: { pk: string; sk: string }) => ({ DeleteRequest: { Key: { PK: { S: key.pk }, SK: { S: key.sk } } } });

  test('W35: asks again for items that DynamoDB left, and for all when it failed', async () => {
    const [first, second] = [newKey(), newKey()];
    const { client, sent } = scripted(named('InternalServerError', { $fault: 'server' }), { UnprocessedItems: { t: [request(second)] } }, {});

    await new DynamoDbStore(client, 't').deleteMany([first, second]);

    const both = { RequestItems: { t: [request(first), request(second)] } };
    expect(sent).toEqual([both, both, { RequestItems: { t: [request(second)] } }]);
  });

  test('W35: rejects rather than drop an item that was left again and again', async () => {
    const key = newKey();
    const left = { UnprocessedItems: { t: [request(key)] } };
    const { client, sent } = scripted(left, left, left, left, left);

    await expect(new DynamoDbStore(client, 't').deleteMany([key])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(sent).toHaveLength(5);
  });
});

describe('describing', () => {
  test('makes do with an answer that says nothing', async () => {
    expect(await new DynamoDbStore(scripted({}).client, 't').describe())
      .toEqual({ status: 'UNKNOWN', itemCount: 0, sizeBytes: 0, streamEnabled: false });
  });
});

describe('errors', () => {
  test.each([
    [named('ThrottlingException'), true], [named('ProvisionedThroughputExceededException'), true], [named('TransactionConflictException'), true],
    [named('X', { $fault: 'server' }), true], [named('X', { $retryable: {} }), true], [named('Error', { code: 'ECONNRESET' }), true],
    [named('TimeoutError'), true], [named('AccessDeniedException'), false], [named('ValidationException', { $fault: 'client' }), false], ['text', false],
    [undefined, false],
  ])('%p may pass by itself: %s', (cause, retryable) => {
    const error = classifyError(cause, 'my-limiter');

    expect(error).toBeInstanceOf(LimiterUnavailableError);
    expect(error).toMatchObject({ retryable, cause, message: expect.stringContaining('my-limiter') });
  });

  test('a missing table has an error of its own', () => {
    expect(classifyError(named('ResourceNotFoundException'), 'my-limiter')).toBeInstanceOf(InfrastructureNotFoundError);
  });

  test('an error of ours stays what it is', () => {
    const error = new InfrastructureNotFoundError('x');

    expect(classifyError(error, 'y')).toBe(error);
  });

  test.each(['get', 'getMany', 'query', 'update', 'transact', 'deleteMany', 'describe'] as const)('%s rejects when the table is missing', async (method) => {
    const store = new DynamoDbStore(table.client, 'no-such-table', { timeoutMs: PATIENCE_MS });
    const key = newKey();
    const calls = {
      get: () => store.get(key),
      getMany: () => store.getMany([key]),
      query: async () => { for await (const item of store.query({ partition: 'p' })) return item; return undefined; },
      update: () => store.update({ key, conditions: [], changes: changes({ n: { add: 1 } }) }),
      transact: () => store.transact([{ delete: key }]),
      deleteMany: () => store.deleteMany([key]),
      describe: () => store.describe(),
    };

    await expect(calls[method]()).rejects.toMatchObject({ code: 'INFRASTRUCTURE_NOT_FOUND' });
  });
});
