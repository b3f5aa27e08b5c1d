import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** One call as IAM sees it: a transaction is judged by its parts. */
export interface Call {
  readonly action: string;
  readonly leadingKeys: readonly string[];
  readonly resource: string;
}

const TRANSACTION_ACTIONS: Record<string, string> = { Update: 'UpdateItem', Put: 'PutItem', Delete: 'DeleteItem', ConditionCheck: 'ConditionCheckItem' };

function callsOf(command: string, input: any): Call[] {
  const call = (action: string, leadingKeys: string[], resource = 'table'): Call =>
    ({ action: `dynamodb:${action}`, leadingKeys: [...new Set(leadingKeys)].sort(), resource });
  const partition = (item: { PK: { S: string } }): string => item.PK.S;
  switch (command) {
    case 'TransactWriteItems':
      return (input.TransactItems as Record<string, any>[]).flatMap((part) => Object.entries(part)
        .map(([kind, { Key, Item }]) => call(TRANSACTION_ACTIONS[kind]!, [partition(Key ?? Item)])));
    case 'BatchGetItem':
      return Object.values(input.RequestItems as Record<string, any>).map(({ Keys }) => call(command, Keys.map(partition)));
    case 'BatchWriteItem':
      return Object.values(input.RequestItems as Record<string, any[]>)
        .map((requests) => call(command, requests.map(({ DeleteRequest }) => partition(DeleteRequest.Key))));
    case 'DescribeTable':
      return [call(command, [])];
    case 'ListTables':
      return [call(command, [], '*')];
    case 'Query':
      return [call(command, [input.ExpressionAttributeValues[':p'].S], input.IndexName)];
    default:
      return [call(command, [partition(input.Key ?? input.Item)])];
  }
}

/**
 * Calls that a client sends while `work` runs, in terms of `spec/operations.json`.
 *
 * @param namespaceIds ids that become `{ns}`; may grow while the work runs
 */
export async function recordCalls(client: DynamoDBClient, namespaceIds: readonly string[], work: () => Promise<unknown>): Promise<Call[]> {
  const calls: Call[] = [];
  client.middlewareStack.add((next, { commandName = '' }) => (args) => {
    calls.push(...callsOf(commandName.replace(/Command$/, ''), args.input));
    return next(args);
  }, { step: 'initialize', name: 'record' });
  try {
    await work();
  } finally {
    client.middlewareStack.remove('record');
  }
  const general = (key: string): string => namespaceIds.reduce((text, id) => text.replace(id, '{ns}'), key);
  return calls.map((call) => ({ ...call, leadingKeys: call.leadingKeys.map(general) }));
}
