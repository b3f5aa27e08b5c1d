import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import type { Store } from '@zae-limiter/client/store/store';
import { CapacityMeter, FakeClock } from '@zae-limiter/client/testing';
import type { Template } from '../../tools/template';
import { MeteredMemoryTable } from './memory-table';

/** Time for one answer: no test may depend on how busy the machine is. */
export const PATIENCE_MS = 60_000;

/** The table that global-setup.ts made, seen from one test file: a namespace of its own and a meter on its client. */
export interface TestTable {
  readonly name: string;
  readonly client: DynamoDBClient;
  readonly meter: Pick<CapacityMeter, 'take'>;
  readonly store: Store;
  readonly namespace: string;
  readonly namespaceId: string;
}

/**
 * Connects to the shared table. Call it in `beforeAll`; the namespace is new each time.
 *
 * With TEST_STORE=memory it is a table in memory: mutation testing repeats the tests too often for a real one.
 */
export async function connectTestTable(): Promise<TestTable> {
  if (process.env.TEST_STORE !== 'memory') return connectDynamoDbTable();
  const memory = new MeteredMemoryTable();
  return newNamespace(new DynamoDBClient({}), memory, memory);
}

/** The same for tests of what speaks to DynamoDB itself. */
export async function connectDynamoDbTable(): Promise<TestTable> {
  const client = new DynamoDBClient({});
  const meter = new CapacityMeter(client);
  return newNamespace(client, new DynamoDbStore(client, process.env.TEST_TABLE!, { timeoutMs: PATIENCE_MS }), meter);
}

async function newNamespace(client: DynamoDBClient, store: Store, meter: TestTable['meter']): Promise<TestTable> {
  // Test files share the table: the same record each time, so that none sees another one's write.
  await new Registry(store, new FakeClock()).recordVersion(SCHEMA_VERSION, 'test');
  const registry = new Registry(store, systemClock);
  const namespace = `test-${randomUUID()}`;
  const namespaceId = await registry.registerNamespace(namespace);
  meter.take();
  return { name: store.tableName, client, meter, store, namespace, namespaceId };
}

/** The template that the shared table was made from. */
export function testTemplate(): Template {
  return JSON.parse(readFileSync(process.env.TEST_TEMPLATE!, 'utf8')) as Template;
}
