import { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand, type DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { toLambdaRecord } from '../packages/cli/src/local/lambda-record';

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
