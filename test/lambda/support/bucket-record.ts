import type { DynamoDBRecord } from 'aws-lambda';
import type { Item } from '@zae-limiter/client/schema/attributes';
import { bucketAttribute, pk, SK } from '@zae-limiter/client/schema/keys';

/** One change of a bucket, as far as the aggregator looks at it. */
export interface BucketRecordOptions {
  readonly namespaceId?: string;
  readonly entity?: string;
  readonly resource?: string;
  readonly shard?: number;
  /** Position in the stream. */
  readonly sequence?: number;
  /** Epoch seconds of the change. */
  readonly at?: number;
  /** Consumption counters by limit before the change, in millitokens; left out for an INSERT. */
  readonly before?: Readonly<Record<string, number>>;
  /** The same after the change. */
  readonly after?: Readonly<Record<string, number>>;
  /** More attributes before and after the change. */
  readonly more?: { readonly before?: Item; readonly after?: Item };
}

/** 2030-03-05T14:30:00Z; in the future, so that nothing expires while a test runs. */
export const AT = Date.UTC(2030, 2, 5, 14, 30) / 1000;

/** ARN of the stream that records come from. */
export const STREAM_ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2030-01-01T00:00:00.000';

/** The record that Lambda delivers for a change of a bucket. */
export function bucketRecord({
  namespaceId = 'ns1', entity = 'user-1', resource = 'gpt-4', shard = 0, sequence = 1, at = AT, before, after = { rpm: 1000 }, more,
}: BucketRecordOptions = {}): DynamoDBRecord {
  const Keys = { PK: { S: pk.bucket({ namespaceId, entity, resource, shard }) }, SK: { S: SK.bucket } };
  const image = (counters: Readonly<Record<string, number>>, attributes: Item = {}) => ({
    ...Keys,
    ...attributes,
    entity_id: { S: entity },
    resource: { S: resource },
    ...Object.fromEntries(Object.entries(counters).map(([limit, value]) => [bucketAttribute(limit, 'tc'), { N: String(value) }])),
  });
  return {
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    eventSourceARN: STREAM_ARN,
    dynamodb: {
      Keys,
      SequenceNumber: sequenceNumber(sequence),
      ApproximateCreationDateTime: at,
      ...(before !== undefined && { OldImage: image(before, more?.before) as never }),
      NewImage: image(after, more?.after) as never,
    },
  };
}

/** The sequence number of a position in the stream. */
export const sequenceNumber = (position: number): string => String(100_000_000_000_000_000_000n + BigInt(position));
