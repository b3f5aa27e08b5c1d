import {
  BatchGetItemCommand, BatchWriteItemCommand, DescribeTableCommand, GetItemCommand, QueryCommand, TransactWriteItemsCommand, UpdateItemCommand,
  type AttributeValue, type ConditionalCheckFailedException, type DynamoDBClient, type QueryCommandInput, type QueryCommandOutput,
  type TransactionCanceledException, type TransactWriteItem, type UpdateItemCommandInput, type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { LimiterUnavailableError } from '../../core/errors.js';
import type { Item } from '../../schema/attributes.js';
import type { PrimaryKey } from '../../schema/keys.js';
import { PARTITION_KEY, SORT_KEY } from '../../schema/table.js';
import type { ItemUpdate, ItemWrite } from '../../schema/update.js';
import type { CallOptions, Query, ReadOptions, Store, TableDescription, UpdateOptions, UpdateOutcome } from '../store.js';
import { classifyError, isTransient, reasonOf } from './classify-error.js';
import { directUpdates, type SendUpdate } from './direct-updates.js';
import { conditionExpressions, updateExpressions } from './expressions.js';

/** Most keys that BatchGetItem takes. */
const BATCH_SIZE = 100;
/** Most writes that BatchWriteItem takes. */
const WRITE_BATCH_SIZE = 25;
/** Waits between attempts, in milliseconds. */
const BACKOFF_MS = [25, 50, 100, 200];
/** Longest wait for an answer, repetitions included. */
const DEFAULT_TIMEOUT_MS = 1000;

export interface DynamoDbStoreOptions {
  /** Longest wait for the answer to one call, repetitions included, in milliseconds. @default 1000 */
  readonly timeoutMs?: number;
  /**
   * Sends updates past the client's middleware, which takes most of the CPU time of a call. Only for a client that nobody
   * else uses: middleware that others added, such as that of a tracer, does not see the updates.
   *
   * @default false
   */
  readonly direct?: boolean;
}

/** An item as the SDK types it. */
type SdkItem = Record<string, AttributeValue>;

/**
 * A table of DynamoDB. Speaks in wire form, so that numbers keep every digit and nothing is converted twice.
 *
 * Repeats what is safe to repeat: reads, and writes that DynamoDB said it did not do. A write whose answer was lost may
 * have been done; it is reported and never repeated (W44).
 */
export class DynamoDbStore implements Store {
  private readonly timeoutMs: number;
  private readonly sendUpdate: SendUpdate;

  /**
   * @param client sends the calls; it is never destroyed here. A `DynamoDBDocumentClient` works too: only plain commands are sent
   */
  constructor(
    private readonly client: DynamoDBClient, readonly tableName: string,
    { timeoutMs = DEFAULT_TIMEOUT_MS, direct = false }: DynamoDbStoreOptions = {},
  ) {
    this.timeoutMs = timeoutMs;
    this.sendUpdate = direct ? directUpdates(client) : (input, options) => client.send(new UpdateItemCommand(input), options);
  }

  async update({ key, changes, conditions }: ItemUpdate, { timeoutMs, repeat = true }: UpdateOptions = {}): Promise<UpdateOutcome> {
    const input: UpdateItemCommandInput = {
      TableName: this.tableName,
      Key: wireKey(key),
      ...updateExpressions({ changes, conditions }),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
    try {
      const { Attributes } = await this.repeat((limits) => this.sendUpdate(input, limits), repeat ? wasNotDone : never, timeoutMs);
      return { applied: true, item: Attributes as Item };
    } catch (error) {
      if (isNamed<ConditionalCheckFailedException>(error, 'ConditionalCheckFailedException')) return { applied: false, item: error.Item as Item | undefined };
      throw classifyError(error, this.tableName);
    }
  }

  async get(key: PrimaryKey, { consistent, timeoutMs }: ReadOptions = {}): Promise<Item | undefined> {
    const { Item: item } = await this.read((limits) => this.client.send(new GetItemCommand({
      TableName: this.tableName, Key: wireKey(key), ConsistentRead: consistent,
    }), limits), { timeoutMs });
    return item as Item | undefined;
  }

  async getMany(keys: readonly PrimaryKey[], options: ReadOptions = {}): Promise<readonly (Item | undefined)[]> {
    const found = new Map<string, Item>();
    const distinct = [...new Map(keys.map((key) => [identity(key), key])).values()]; // DynamoDB refuses a key that is there twice
    for (let start = 0; start < distinct.length; start += BATCH_SIZE) {
      for (const item of await this.getBatch(distinct.slice(start, start + BATCH_SIZE), options)) found.set(identity(keyOf(item)), item);
    }
    return keys.map((key) => found.get(identity(key)));
  }

  /** Keys that DynamoDB left out are asked for again: taken as missing they would hide an entity's own limits (W29). */
  private async getBatch(keys: readonly PrimaryKey[], { consistent, timeoutMs }: ReadOptions): Promise<Item[]> {
    const items: Item[] = [];
    let wanted = keys.map(wireKey);
    for (const wait of [...BACKOFF_MS, undefined]) {
      const { Responses, UnprocessedKeys } = await this.read((limits) => this.client.send(
        new BatchGetItemCommand({ RequestItems: { [this.tableName]: { Keys: wanted, ConsistentRead: consistent } } }), limits), { timeoutMs });
      items.push(...((Responses?.[this.tableName] ?? []) as Item[]));
      wanted = (UnprocessedKeys?.[this.tableName]?.Keys ?? []) as typeof wanted;
      if (wanted.length === 0) return items;
      if (wait !== undefined) await sleep(wait);
    }
    throw new LimiterUnavailableError(`table '${this.tableName}' left ${wanted.length} keys unread`, true, { reason: 'throttled' });
  }

  async *query(query: Query): AsyncIterable<Item> {
    const { index, order, after, pageSize, consistent } = query;
    const condition = keyCondition(query);
    let from = after as SdkItem | undefined;
    do {
      const page: QueryCommandOutput = await this.read((limits) => this.client.send(new QueryCommand({
        TableName: this.tableName,
        IndexName: index?.name,
        ...condition,
        ScanIndexForward: order !== 'descending',
        ExclusiveStartKey: from,
        Limit: pageSize,
        ConsistentRead: index === undefined ? consistent : undefined,
      }), limits));
      yield* (page.Items ?? []) as Item[];
      from = page.LastEvaluatedKey as SdkItem | undefined;
    } while (from !== undefined);
  }

  async transact(writes: readonly ItemWrite[]): Promise<boolean> {
    const command = new TransactWriteItemsCommand({ TransactItems: writes.map((write) => this.transactItem(write)) });
    try {
      await this.repeat((limits) => this.client.send(command, limits), metAnother);
      return true;
    } catch (error) {
      if (cancellationCodes(error).includes('ConditionalCheckFailed')) return false;
      throw classifyError(error, this.tableName);
    }
  }

  /** A removal may be repeated without harm, so one whose answer was lost is (W35). */
  async deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += WRITE_BATCH_SIZE) await this.deleteBatch(keys.slice(start, start + WRITE_BATCH_SIZE));
  }

  /** Keys that DynamoDB left are removed by another call: dropped, they would stay for ever (W35). */
  private async deleteBatch(keys: readonly PrimaryKey[]): Promise<void> {
    let left: WriteRequest[] = keys.map((key) => ({ DeleteRequest: { Key: wireKey(key) } }));
    for (const wait of [...BACKOFF_MS, undefined]) {
      const { UnprocessedItems } = await this.read((limits) =>
        this.client.send(new BatchWriteItemCommand({ RequestItems: { [this.tableName]: left } }), limits));
      left = UnprocessedItems?.[this.tableName] ?? [];
      if (left.length === 0) return;
      if (wait !== undefined) await sleep(wait);
    }
    throw new LimiterUnavailableError(`table '${this.tableName}' left ${left.length} items that were to be removed`, true);
  }

  async describe(): Promise<TableDescription> {
    const { Table } = await this.read((limits) => this.client.send(new DescribeTableCommand({ TableName: this.tableName }), limits));
    return {
      status: Table?.TableStatus ?? 'UNKNOWN',
      itemCount: Table?.ItemCount ?? 0,
      sizeBytes: Table?.TableSizeBytes ?? 0,
      streamEnabled: Table?.StreamSpecification?.StreamEnabled ?? false,
    };
  }

  private transactItem(write: ItemWrite): TransactWriteItem {
    const TableName = this.tableName;
    if ('update' in write) {
      return { Update: { TableName, Key: wireKey(write.update.key), ...updateExpressions(write.update) } as TransactWriteItem['Update'] };
    }
    const conditions = conditionExpressions(write.conditions);
    return 'put' in write
      ? { Put: { TableName, Item: write.put as SdkItem, ...conditions } }
      : { Delete: { TableName, Key: wireKey(write.delete), ...conditions } };
  }

  private async read<Output>(send: (limits: { abortSignal: AbortSignal }) => Promise<Output>, { timeoutMs }: CallOptions = {}): Promise<Output> {
    try {
      return await this.repeat(send, isTransient, timeoutMs);
    } catch (error) {
      throw classifyError(error, this.tableName);
    }
  }

  private async repeat<Output>(
    send: (limits: { abortSignal: AbortSignal }) => Promise<Output>, again: (error: unknown) => boolean, timeoutMs: number = this.timeoutMs,
  ): Promise<Output> {
    const timeout = new AbortController(); // AbortSignal.timeout() cannot be cleared: thousands would pile up in a second
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const { signal: abortSignal } = timeout;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await send({ abortSignal });
        } catch (error) {
          const wait = BACKOFF_MS[attempt];
          if (wait === undefined || abortSignal.aborted || !again(error)) throw error;
          await sleep(wait);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

type KeyCondition = Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'>;

function keyCondition({ index, partition, prefix, between }: Query): KeyCondition {
  const hash = { '#p': index?.partitionKey ?? PARTITION_KEY };
  const range = { ...hash, '#s': index?.sortKey ?? SORT_KEY };
  const values = { ':p': { S: partition } };
  if (between !== undefined) {
    const [first, last] = between;
    return {
      KeyConditionExpression: '#p = :p AND #s BETWEEN :a AND :b',
      ExpressionAttributeNames: range,
      ExpressionAttributeValues: { ...values, ':a': { S: first }, ':b': { S: last } },
    };
  }
  return prefix === undefined
    ? { KeyConditionExpression: '#p = :p', ExpressionAttributeNames: hash, ExpressionAttributeValues: values }
    : {
      KeyConditionExpression: '#p = :p AND begins_with(#s, :s)',
      ExpressionAttributeNames: range,
      ExpressionAttributeValues: { ...values, ':s': { S: prefix } },
    };
}

/** True for an update that DynamoDB refused before it did anything, because the table or the item was busy. */
function wasNotDone(error: unknown): boolean {
  const reason = reasonOf(error);
  return reason === 'throttled' || reason === 'conflict';
}

const never = (): boolean => false;

/** True for a transaction that was cancelled because it met another, and for no other reason. */
function metAnother(error: unknown): boolean {
  const codes = cancellationCodes(error);
  return codes.includes('TransactionConflict') && !codes.includes('ConditionalCheckFailed');
}

function cancellationCodes(error: unknown): (string | undefined)[] {
  return isNamed<TransactionCanceledException>(error, 'TransactionCanceledException') ? (error.CancellationReasons ?? []).map(({ Code }) => Code) : [];
}

/** By name and not by class: an injected client may come from another copy of the SDK. */
function isNamed<E extends Error>(error: unknown, name: string): error is E {
  return error instanceof Error && error.name === name;
}

function wireKey({ pk, sk }: PrimaryKey): { PK: { S: string }; SK: { S: string } } {
  return { [PARTITION_KEY]: { S: pk }, [SORT_KEY]: { S: sk } };
}

function keyOf(item: Item): PrimaryKey {
  return { pk: (item[PARTITION_KEY] as { S: string }).S, sk: (item[SORT_KEY] as { S: string }).S };
}

/** A NUL cannot occur in a key, so no two keys share an identity. */
const identity = ({ pk, sk }: PrimaryKey): string => `${pk}\0${sk}`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
