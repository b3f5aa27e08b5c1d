import {
  DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand, type DynamoDBStreamsClient, type _Record,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

/** Everything that a table's stream holds, oldest first, in the form in which Lambda delivers it. */
export async function readStream(client: DynamoDBStreamsClient, tableName: string): Promise<DynamoDBRecord[]> {
  const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: tableName }));
  const streamArn = Streams.at(-1)!.StreamArn!;
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: streamArn }));
  const records: DynamoDBRecord[] = [];
  for (const { ShardId } of StreamDescription!.Shards!) {
    const { ShardIterator } = await client.send(new GetShardIteratorCommand({ StreamArn: streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
    for (let iterator = ShardIterator; iterator !== undefined;) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      if (Records.length === 0) break;
      records.push(...Records.map((record) => toLambdaRecord(record, streamArn)));
      iterator = NextShardIterator;
    }
  }
  return records;
}

/** Lambda gives the time as epoch seconds, the SDK as a Date; all else is the same. */
function toLambdaRecord(record: _Record, eventSourceARN: string): DynamoDBRecord {
  const { ApproximateCreationDateTime, ...change } = record.dynamodb!;
  const dynamodb = { ...change, ApproximateCreationDateTime: Math.floor(ApproximateCreationDateTime!.getTime() / 1000) };
  return { ...record, eventSourceARN, dynamodb } as unknown as DynamoDBRecord;
}
