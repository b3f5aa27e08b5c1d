import type { _Record } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

/** A record of a stream as Lambda delivers it: the time in epoch seconds, where the SDK gives a Date. All else is the same. */
export function toLambdaRecord(record: _Record, eventSourceARN: string): DynamoDBRecord {
  const { ApproximateCreationDateTime, ...change } = record.dynamodb!;
  const dynamodb = { ...change, ApproximateCreationDateTime: Math.floor(ApproximateCreationDateTime!.getTime() / 1000) };
  return { ...record, eventSourceARN, dynamodb } as unknown as DynamoDBRecord;
}
