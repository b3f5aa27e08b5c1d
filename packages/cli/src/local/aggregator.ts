import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { onlyResource, type Template } from './template.js';

/** How the stream is delivered to the aggregator. */
export interface Delivery {
  /** Most records of a batch. */
  readonly batchSize: number;
  /** Deliveries after a failed one. */
  readonly retryAttempts: number;
}

interface EventSourceMapping {
  readonly BatchSize: number;
  readonly MaximumRetryAttempts: number;
  readonly FunctionName: { readonly Ref: string };
}

/** Of the event source mapping in a template. */
export function deliveryOf(template: Template): Delivery {
  const { BatchSize, MaximumRetryAttempts } = mappingOf(template);
  return { batchSize: BatchSize, retryAttempts: MaximumRetryAttempts };
}

/** The variables that the function in a template has; the name of the table is the only one that is known after the deployment alone. */
export function aggregatorEnvironment(template: Template, tableName: string): Record<string, string> {
  const { Environment } = template.Resources[mappingOf(template).FunctionName.Ref]!.Properties as unknown as { Environment: { Variables: object } };
  return Object.fromEntries(Object.entries(Environment.Variables).map(([name, value]) => [name, typeof value === 'string' ? value : tableName]));
}

/**
 * Loads the function that `deploy` would upload. It reads the environment of this process, and writes to its output.
 *
 * @returns delivers a batch; the sequence numbers of records that must be delivered again
 */
export function loadAggregator(): (records: readonly DynamoDBRecord[]) => Promise<readonly string[]> {
  const load = createRequire(__filename);
  const path = join(__dirname, '..', '..', 'assets', 'aggregator', 'index.js');
  const { handler } = load(path) as { handler: (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> };
  return async (records) => (await handler({ Records: [...records] })).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const mappingOf = (template: Template): EventSourceMapping => onlyResource(template, 'AWS::Lambda::EventSourceMapping') as unknown as EventSourceMapping;
