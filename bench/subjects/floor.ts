import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { RateLimiter } from '@zae-limiter/client';
import { takeUpdate } from '@zae-limiter/client/schema/bucket-item';
import { updateExpressions } from '@zae-limiter/client/store/dynamodb/expressions';
import { forEachKey } from '../parallel';
import { PATIENCE_MS } from './ours';
import { CONSUME, readEnvironment, RESOURCES, type Subject } from './subject';

/** The write of a warm `tryAcquire` with its expressions ready, so that sending it is all that is left to do. */
export function floorInput(entity: string): UpdateItemCommandInput {
  const { table, namespaceId } = readEnvironment();
  const amounts = new Map(Object.entries(CONSUME).map(([name, tokens]) => [name, tokens * 1000]));
  const { key, ...update } = takeUpdate({ namespaceId, entity, resource: RESOURCES.ample, shard: 0 }, { kind: 'take', amounts, refilledSince: undefined }, 1);
  return {
    TableName: table, Key: { PK: { S: key.pk }, SK: { S: key.sk } }, ...updateExpressions(update),
    ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/** Creates the buckets that the floor writes to, by asking for them once. */
async function createBuckets(prefix: string, count: number): Promise<void> {
  const { table, namespace } = readEnvironment();
  const limiter = await RateLimiter.open({ stack: table, namespace, timeoutMs: PATIENCE_MS });
  await forEachKey(count, (key) => limiter.acquire({ entity: `${prefix}-${key}`, resource: RESOURCES.ample, consume: CONSUME }));
  await limiter.close();
}

/** Makes inputs for a number of keys, whose buckets exist. */
export function floorInputs(prefix: string): (keys: number) => Promise<UpdateItemCommandInput[]> {
  const inputs: UpdateItemCommandInput[] = [];
  return async (keys) => {
    if (inputs.length < keys) await createBuckets(prefix, keys);
    while (inputs.length < keys) inputs.push(floorInput(`${prefix}-${inputs.length}`));
    return inputs;
  };
}

/** `UpdateItem` through the AWS SDK as it comes. */
export async function sdk(): Promise<Subject> {
  const client = new DynamoDBClient({});
  const inputs = floorInputs('sdk');
  return {
    prepare: async ({ keys }) => {
      const ready = await inputs(keys === 'zipf' ? 1000 : keys);
      return (key) => client.send(new UpdateItemCommand(ready[key]!));
    },
  };
}
