import {
  MemoryStore, type Query, type ReadOptions, type Store, type TableDescription, type UpdateOptions, type UpdateOutcome,
} from '@zae-limiter/client';
import type { Item } from '@zae-limiter/client/schema/attributes';
import type { PrimaryKey } from '@zae-limiter/client/schema/keys';
import { GSI1, GSI2, GSI3, GSI4 } from '@zae-limiter/client/schema/table';
import type { ItemUpdate, ItemWrite } from '@zae-limiter/client/schema/update';
import type { Consumption } from '@zae-limiter/client/testing';

/** A table in memory that counts what DynamoDB would charge, for runs that repeat the tests thousands of times. */
export class MeteredMemoryTable implements Store {
  readonly tableName = 'memory';
  private readonly table = new MemoryStore('memory');
  private operations: string[] = [];
  private writeUnits = 0;
  private readUnits = 0;
  private refused = 0;

  async update(update: ItemUpdate, _?: UpdateOptions): Promise<UpdateOutcome> {
    this.operations.push('UpdateItem');
    await new Promise((resolve) => setImmediate(resolve)); // other requests come while a real call is under way
    const existed = await this.table.get(update.key) !== undefined;
    const outcome = await this.table.update(update);
    if (outcome.applied) this.writeUnits += unitsOf(outcome.item, existed);
    else this.refused++;
    return outcome;
  }

  async get(key: PrimaryKey, options?: ReadOptions): Promise<Item | undefined> {
    this.operations.push('GetItem');
    this.readUnits += options?.consistent ? 1 : 0.5;
    return this.table.get(key);
  }

  async getMany(keys: readonly PrimaryKey[], options?: ReadOptions): Promise<readonly (Item | undefined)[]> {
    this.operations.push('BatchGetItem');
    const items = await this.table.getMany(keys);
    this.readUnits += items.filter((item) => item !== undefined).length * (options?.consistent ? 1 : 0.5);
    return items;
  }

  query(query: Query): AsyncIterable<Item> {
    this.operations.push('Query');
    return this.table.query(query);
  }

  transact(writes: readonly ItemWrite[]): Promise<boolean> {
    this.operations.push('TransactWriteItems');
    return this.table.transact(writes);
  }

  deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    this.operations.push('BatchWriteItem');
    return this.table.deleteMany(keys);
  }

  describe(): Promise<TableDescription> {
    this.operations.push('DescribeTable');
    return this.table.describe();
  }

  take(): Consumption {
    const { operations, writeUnits, readUnits, refused } = this;
    this.operations = [];
    this.writeUnits = this.readUnits = this.refused = 0;
    return { calls: operations.length, operations, writeUnits, readUnits, refused };
  }
}

/** A new item is also written to each index that it is in; after that only to those that hold all of it. */
function unitsOf(item: Item, existed: boolean): number {
  const indexes = existed ? [GSI1, GSI2] : [GSI1, GSI2, GSI3, GSI4];
  return 1 + indexes.filter(({ partitionKey, sortKey }) => item[partitionKey] !== undefined && item[sortKey] !== undefined).length;
}
