import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { CapacityMeter } from '@zae-limiter/client/testing';
import type { Template } from '../../tools/template';

/** Time for one answer: no test may depend on how busy the machine is. */
export const PATIENCE_MS = 60_000;

/** The table that global-setup.ts made, seen from one test file: a namespace of its own and a meter on its client. */
export interface TestTable {
  readonly name: string;
  readonly client: DynamoDBClient;
  readonly meter: CapacityMeter;
  readonly store: DynamoDbStore;
  readonly namespace: string;
  readonly namespaceId: string;
}

/** Connects to the shared table. Call it in `beforeAll`; the namespace is new each time. */
export async function connectTestTable(): Promise<TestTable> {
  const client = new DynamoDBClient({});
  const meter = new CapacityMeter(client);
  const store = new DynamoDbStore(client, process.env.TEST_TABLE!, { timeoutMs: PATIENCE_MS });
  const registry = new Registry(store, systemClock);
  await registry.recordVersion(SCHEMA_VERSION, 'test');
  const namespace = `test-${randomUUID()}`;
  const namespaceId = await registry.registerNamespace(namespace);
  meter.take();
  return { name: store.tableName, client, meter, store, namespace, namespaceId };
}

/** The template that the shared table was made from. */
export function testTemplate(): Template {
  return JSON.parse(readFileSync(process.env.TEST_TEMPLATE!, 'utf8')) as Template;
}
