import type { DynamoDBRecord } from 'aws-lambda';
import { addAmounts, type BucketKey } from '@zae-limiter/client/core/bucket';
import { CorruptRecordError } from '@zae-limiter/client/core/errors';
import { WCU_LIMIT } from '@zae-limiter/client/core/identifiers';
import { readInt, readText, type Item } from '@zae-limiter/client/schema/attributes';
import { BUCKET, operationOf } from '@zae-limiter/client/schema/bucket-item';
import { BUCKET_ATTRIBUTE_PREFIX, parseBucketKey, parseLimitAttribute, SK } from '@zae-limiter/client/schema/keys';
import { PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/schema/table';

/** One change of one bucket, as far as usage depends on it. */
export interface BucketChange {
  readonly key: BucketKey;
  /** Epoch seconds at which DynamoDB recorded the change. */
  readonly createdAt: number;
  readonly sequence: string;
  /** Orders the changes of one bucket, also across streams of the same table: a newer stream has a later label. */
  readonly watermark: string;
  /** Net millitokens consumed per limit, without the internal one and without limits that did not move. */
  readonly consumed: ReadonlyMap<string, number>;
  /** Requests that were admitted by the change; a correction admits none. */
  readonly requests: number;
  /** The item before the change; empty when there was none. */
  readonly before: Item;
  /** The item after it. */
  readonly after: Item;
}

/** Digits of a sequence number are padded to this length, so that text order is number order. */
const SEQUENCE_DIGITS = 40;

/**
 * Reads a stream record; undefined when it is not a change of a bucket.
 *
 * @throws {CorruptRecordError} the record is one, but cannot be read
 */
export function parseRecord(record: DynamoDBRecord): BucketChange | undefined {
  const { eventName, eventSourceARN = '', dynamodb: { Keys, NewImage, OldImage, SequenceNumber, ApproximateCreationDateTime } = {} } = record;
  if (eventName !== 'INSERT' && eventName !== 'MODIFY') return undefined;
  const keys = (Keys ?? {}) as Item;
  const partition = readText(keys, PARTITION_KEY) ?? '';
  if (readText(keys, SORT_KEY) !== SK.bucket || !partition.includes('/BUCKET#')) return undefined;

  if (NewImage === undefined) throw new CorruptRecordError('NewImage', undefined, 'must be there');
  const [before, after] = [(OldImage ?? {}) as Item, NewImage as Item];
  if (SequenceNumber === undefined || ApproximateCreationDateTime === undefined) {
    throw new CorruptRecordError('dynamodb', undefined, 'must carry SequenceNumber and ApproximateCreationDateTime');
  }
  const key = parseBucketKey(partition);
  if (readText(after, BUCKET.entity) === undefined) return undefined; // what a late refund of a Python client leaves of a deleted bucket (W4)
  return {
    key,
    createdAt: Math.floor(ApproximateCreationDateTime),
    sequence: SequenceNumber,
    watermark: `${eventSourceARN.split('/stream/')[1] ?? ''}|${SequenceNumber.padStart(SEQUENCE_DIGITS, '0')}`,
    consumed: consumption(before, after),
    requests: requests(before, after),
    before,
    after,
  };
}

/** A write of our client counts the requests that it carries; one of a Python client, which leaves its id alone, is one request. */
function requests(before: Item, after: Item): number {
  if (operationOf(after) === operationOf(before)) return 1;
  return (readInt(after, BUCKET.acquires) ?? 0) - (readInt(before, BUCKET.acquires) ?? 0);
}

/** A counter that the old image lacks counts from 0: the first request of a bucket, and of a limit, is consumption too (F-08). */
function consumption(before: Item, after: Item): Map<string, number> {
  const consumed = new Map<string, number>();
  for (const attribute of Object.keys(after)) {
    const parsed = parseLimitAttribute(BUCKET_ATTRIBUTE_PREFIX, attribute);
    if (parsed?.field !== 'tc' || parsed.limit === WCU_LIMIT) continue;
    const delta = counter(after, attribute) - counter(before, attribute);
    if (delta !== 0) consumed.set(parsed.limit, delta);
  }
  return consumed;
}

/** A counter that is missing is 0; one that is no number would make all that was ever consumed a refund. */
function counter(item: Item, attribute: string): number {
  const value = readInt(item, attribute);
  if (value === undefined && item[attribute] !== undefined) throw new CorruptRecordError(attribute, JSON.stringify(item[attribute]), 'must be a number');
  return value ?? 0;
}

/** Net millitokens that changes consumed, per limit. */
export function sumByLimit(changes: readonly BucketChange[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { consumed } of changes) addAmounts(sums, consumed);
  return sums;
}
