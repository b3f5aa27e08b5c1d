import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, Registry, SCHEMA_VERSION } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { PATIENCE_MS, testTemplate } from '../../../../test/support/table';
import { createTable } from '../../../../tools/template';

/** A table that no other test uses, for commands that show all of it. Nothing is registered in it. */
export async function newTable({ schemaVersion = SCHEMA_VERSION }: { readonly schemaVersion?: string } = {}): Promise<string> {
  const client = new DynamoDBClient({});
  const name = await createTable(client, testTemplate(), { TableName: `t-${randomUUID()}` });
  await new Registry(new DynamoDbStore(client, name, { timeoutMs: PATIENCE_MS }), new FakeClock()).recordVersion(schemaVersion, 'test');
  client.destroy();
  return name;
}
