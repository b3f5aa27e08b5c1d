import { BatchWriteItemCommand, type DynamoDBClient, type PutRequest } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, type RateLimiter } from '@zae-limiter/client';
import { bucketKey } from '@zae-limiter/client/schema/bucket-item';
import { forEachKey } from './parallel';
import { CONSUME, RESOURCES, type Environment } from './subjects/subject';

/** Most writes of one BatchWriteItem. */
const BATCH_SIZE = 25;

/** Makes buckets of `<prefix>-0` and so on by copying the first: to ask for each of them would take minutes. */
export async function seedBuckets(
  { table, namespaceId }: Pick<Environment, 'table' | 'namespaceId'>, client: DynamoDBClient, limiter: RateLimiter, prefix: string, keys: number,
): Promise<void> {
  const first = `${prefix}-0`;
  await limiter.acquire({ entity: first, resource: RESOURCES.ample, consume: CONSUME });
  const original = bucketKey({ namespaceId, entity: first, resource: RESOURCES.ample, shard: 0 });
  const bucket = JSON.stringify(await new DynamoDbStore(client, table).get(original));
  const copy = (key: number): PutRequest => ({ Item: JSON.parse(bucket.replaceAll(first, `${prefix}-${key}`)) as PutRequest['Item'] });
  await forEachKey(Math.ceil(keys / BATCH_SIZE), (batch) => {
    const some = Array.from({ length: Math.min(BATCH_SIZE, keys - batch * BATCH_SIZE) }, (_, at) => ({ PutRequest: copy(batch * BATCH_SIZE + at) }));
    return client.send(new BatchWriteItemCommand({ RequestItems: { [table]: some } }));
  });
}
