import { DynamoDBClient, UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { asOperation, takeUpdate } from '@zae-limiter/client/schema/bucket-item';
import { updateExpressions } from '@zae-limiter/client/store/dynamodb/expressions';
import { CONSUME, readEnvironment, RESOURCES, type Subject } from './subject';

/** Stands for the id that every write has of its own. */
const ID = 'id';
let writes = 0;

/** The write of a warm `tryAcquire` with its expressions ready, so that to number it and to send it is all that is left to do. */
export function floorInput(entity: string): () => UpdateItemCommandInput {
  const { table, namespaceId } = readEnvironment();
  const amounts = new Map(Object.entries(CONSUME).map(([name, tokens]) => [name, tokens * 1000]));
  const take = takeUpdate({ namespaceId, entity, resource: RESOURCES.ample, shard: 0 }, { kind: 'take', amounts, refilledSince: undefined }, 1);
  const { key, ...update } = asOperation(take, ID);
  const input = {
    TableName: table, Key: { PK: { S: key.pk }, SK: { S: key.sk } }, ...updateExpressions(update),
    ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
  const values = input.ExpressionAttributeValues!;
  const ids = Object.keys(values).filter((name) => values[name]!.S === ID);
  return () => {
    const id = { S: `${process.pid}.${(writes++).toString(36)}` };
    const numbered = { ...values };
    for (const name of ids) numbered[name] = id;
    return { ...input, ExpressionAttributeValues: numbered };
  };
}

/** Inputs by key, made once. */
export function floorInputs(): (key: number) => UpdateItemCommandInput {
  const inputs: (() => UpdateItemCommandInput)[] = [];
  return (key) => (inputs[key] ??= floorInput(`floor-${key}`))();
}

/** `UpdateItem` through the AWS SDK as it comes. */
export async function sdk(): Promise<Subject> {
  const client = new DynamoDBClient({});
  const input = floorInputs();
  return { prepare: async () => (key) => client.send(new UpdateItemCommand(input(key))) };
}
