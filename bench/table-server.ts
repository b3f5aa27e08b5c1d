import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RateLimiter } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { App, Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { ZaeLimiter } from '../src';
import { createTable, type Template } from '../tools/template';
import { cannedAnswer } from './canned-answer';
import { AMPLE_LIMITS, REFILLING_LIMITS, SHORT_LIMITS } from './limits';
import { seedBuckets } from './seed';
import { RESOURCES, SEEDED, SEEDED_KEYS, type Environment } from './subjects/subject';

const NAMESPACE = 'bench';
const PLAIN_TABLE = 'bench-plain';

/**
 * Makes the tables of a run: that of a limiter as the construct synthesises it, with its indexes and stream, and one that
 * has a key only. The limits of the resources are stored.
 */
export async function prepareTables(): Promise<Environment> {
  const stack = new Stack(new App(), 'bench-limiter');
  new ZaeLimiter(stack, 'Limiter');
  const client = new DynamoDBClient({});
  const table = await createTable(client, Assertions.fromStack(stack).toJSON() as Template);
  await client.send(new CreateTableCommand({
    TableName: PLAIN_TABLE, BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
  }));
  const store = new DynamoDbStore(client, table, { timeoutMs: 60_000 });
  const registry = new Registry(store, systemClock);
  await registry.recordVersion(SCHEMA_VERSION, 'bench');
  const namespaceId = await registry.registerNamespace(NAMESPACE);
  const limiter = new RateLimiter({ store, namespaceId });
  await limiter.admin.limits.set(AMPLE_LIMITS, { resource: RESOURCES.ample });
  await limiter.admin.limits.set(SHORT_LIMITS, { resource: RESOURCES.short });
  await limiter.admin.limits.set(REFILLING_LIMITS, { resource: RESOURCES.refilling });
  for (const prefix of SEEDED) await seedBuckets({ table, namespaceId }, client, limiter, prefix, SEEDED_KEYS);
  client.destroy();
  return { table, plainTable: PLAIN_TABLE, namespace: NAMESPACE, namespaceId };
}

/** Starts a server that answers every call as DynamoDB answers the write of a warm request. It ends with this process. */
export async function startCannedServer(): Promise<{ readonly endpoint: string; stop(): void }> {
  const server = fork(join(__dirname, 'canned-server.mjs'), { stdio: ['pipe', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  server.stdin!.end(JSON.stringify({ Attributes: cannedAnswer() }));
  const [{ port }] = await once(server, 'message') as [{ port: number }];
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => server.kill() };
}
