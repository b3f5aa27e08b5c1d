import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { ZaeLimiter } from '../../src';
import { start } from '../../tools/dynamodb-local.cjs';
import { createTable, type Template } from '../../tools/template';

/** One DynamoDB Local for all tests, holding one table as the construct synthesises it. Tests share it by namespace. */
export default async function globalSetup(): Promise<void> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' });
  const server = await start();
  (globalThis as { stopDynamoDb?: () => Promise<void> }).stopDynamoDb = server.stop;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = server.endpoint;

  const stack = new Stack(new App(), 'test-limiter');
  new ZaeLimiter(stack, 'Limiter');
  const template = Assertions.fromStack(stack).toJSON() as Template;
  process.env.TEST_TEMPLATE = join(mkdtempSync(join(tmpdir(), 'zae-limiter-test-')), 'template.json');
  writeFileSync(process.env.TEST_TEMPLATE, JSON.stringify(template));

  const client = new DynamoDBClient({ endpoint: server.endpoint });
  process.env.TEST_TABLE = await createTable(client, template);
  client.destroy();
}
