import { randomUUID } from 'node:crypto';
import { DynamoDBClient, paginateScan, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '@zae-limiter/client/schema/attributes';
import { TTL_ATTRIBUTE } from '@zae-limiter/client/schema/table';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { CapacityMeter } from '@zae-limiter/client/testing';
import { createTable } from '../../../tools/template';
import { testTemplate } from '../../support/table';

/** An empty table of a test's own. */
export interface NewTable {
  readonly name: string;
  readonly client: DynamoDBClient;
  readonly meter: CapacityMeter;
  readonly store: DynamoDbStore;
  /** Everything in the table, in the order of the keys. */
  items(): Promise<Item[]>;
}

/**
 * Makes a table with the keys and indexes of the construct's, without any record.
 *
 * Nothing expires in it: DynamoDB Local deletes within seconds what is past its time, and vectors have fixed times.
 */
export async function newTable({ stream = false } = {}): Promise<NewTable> {
  const client = new DynamoDBClient({});
  const meter = new CapacityMeter(client);
  const TableName = await createTable(client, testTemplate(), {
    TableName: `new-${randomUUID()}`, ...(!stream && { StreamSpecification: { StreamEnabled: false } }),
  });
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: false } }));
  meter.take();
  return { name: TableName, client, meter, store: new DynamoDbStore(client, TableName, { timeoutMs: 60_000 }), items: () => scan(client, TableName) };
}

async function scan(client: DynamoDBClient, TableName: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName, ConsistentRead: true })) items.push(...(page.Items ?? []) as Item[]);
  const order = ({ PK, SK }: Item): string => JSON.stringify([PK, SK]);
  return items.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
