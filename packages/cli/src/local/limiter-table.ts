import { DescribeTableCommand, ResourceNotFoundException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, Registry, SCHEMA_VERSION } from '@zae-limiter/client';
import { systemClock } from '../system-clock.js';
import { version } from '../version.js';
import { createTable, onlyResource, type Template } from './template.js';

/**
 * Makes the table of a template usable, as a deployment does: created, with its version and its namespaces. What is there
 * already stays.
 *
 * @returns the ARN of its stream
 */
export async function prepareTable(client: DynamoDBClient, template: Template, name: string): Promise<string> {
  const stream = await streamOf(client, name) ?? await createTable(client, template, { TableName: name }).then(async () => streamOf(client, name));
  const { Namespaces, AuditRetentionDays } = onlyResource(template, 'Custom::ZaeLimiterBootstrap') as unknown as Bootstrap;
  const registry = new Registry(new DynamoDbStore(client, name), systemClock);
  await registry.recordVersion(SCHEMA_VERSION, `cli:${version}`);
  for (const namespace of Namespaces) {
    await registry.setAuditRetention(await registry.registerNamespace(namespace), Number(AuditRetentionDays));
  }
  return stream!;
}

interface Bootstrap {
  readonly Namespaces: readonly string[];
  readonly AuditRetentionDays: number | string;
}

async function streamOf(client: DynamoDBClient, TableName: string): Promise<string | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table!.LatestStreamArn;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
