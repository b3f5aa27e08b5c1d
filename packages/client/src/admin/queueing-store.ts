import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { ItemUpdate, ItemWrite } from '../schema/update.js';
import type { Query, ReadOptions, Store, TableDescription, UpdateOptions, UpdateOutcome } from '../store/store.js';

/**
 * A store whose writes to one item wait for each other. DynamoDB cancels a transaction that meets another write at an
 * item, and every change of limits writes to a registry; so many changes at once would cancel each other.
 */
export class QueueingStore implements Store {
  readonly tableName: string;
  /** The last write to each item, while there is one. */
  private readonly writes = new Map<string, Promise<unknown>>();

  constructor(private readonly store: Store) {
    this.tableName = store.tableName;
  }

  update(update: ItemUpdate, options?: UpdateOptions): Promise<UpdateOutcome> {
    return this.inTurn([update.key], () => this.store.update(update, options));
  }

  transact(writes: readonly ItemWrite[]): Promise<boolean> {
    return this.inTurn(writes.map(keyOf), () => this.store.transact(writes));
  }

  deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    return this.inTurn(keys, () => this.store.deleteMany(keys));
  }

  get(key: PrimaryKey, options?: ReadOptions): Promise<Item | undefined> {
    return this.store.get(key, options);
  }

  getMany(keys: readonly PrimaryKey[], options?: ReadOptions): Promise<readonly (Item | undefined)[]> {
    return this.store.getMany(keys, options);
  }

  query(query: Query): AsyncIterable<Item> {
    return this.store.query(query);
  }

  describe(): Promise<TableDescription> {
    return this.store.describe();
  }

  /** Nobody waits for a write that began later, so there is always one that goes on. */
  private async inTurn<T>(keys: readonly PrimaryKey[], write: () => Promise<T>): Promise<T> {
    const items = [...new Set(keys.map(({ pk, sk }) => `${pk}\0${sk}`))];
    const before = items.map((item) => this.writes.get(item));
    const done = Promise.allSettled(before).then(write);
    items.forEach((item) => this.writes.set(item, done));
    try {
      return await done;
    } finally {
      items.filter((item) => this.writes.get(item) === done).forEach((item) => this.writes.delete(item));
    }
  }
}

function keyOf(write: ItemWrite): PrimaryKey {
  if ('update' in write) return write.update.key;
  if ('delete' in write) return write.delete;
  return { pk: (write.put[PARTITION_KEY] as { S: string }).S, sk: (write.put[SORT_KEY] as { S: string }).S };
}
