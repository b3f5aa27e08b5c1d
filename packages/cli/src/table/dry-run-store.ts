import { MemoryStore, type Store } from '@zae-limiter/client';
import { PARTITION_KEY, SORT_KEY, type Item, type ItemUpdate, type ItemWrite, type PrimaryKey } from '@zae-limiter/client/admin';

/** What a write would have done to an item. */
export interface PlannedWrite {
  readonly action: 'create' | 'update' | 'delete';
  readonly key: PrimaryKey;
  /** The item as it would be; undefined for one that would be gone. */
  readonly item: Item | undefined;
}

/**
 * Reads the table and keeps every write to itself, so that a command goes its whole way and nothing changes.
 *
 * What was written is read back from memory, conditions included. An index shows items as they would be when the table's
 * index shows them now; one that a write would add to an index is missing there.
 */
export class DryRunStore implements Store {
  private readonly memory: MemoryStore;
  private readonly touched = new Map<string, PrimaryKey>();
  private readonly before = new Map<string, boolean>();
  private readonly written = new Set<string>();

  constructor(private readonly store: Store) {
    this.memory = new MemoryStore(store.tableName);
  }

  get tableName(): string {
    return this.store.tableName;
  }

  /** All that would have been written, in the order in which the items were first written. */
  async writes(): Promise<PlannedWrite[]> {
    const planned: PlannedWrite[] = [];
    for (const id of this.written) {
      const key = this.touched.get(id)!;
      const item = await this.memory.get(key);
      const existed = this.before.get(id)!;
      if (item === undefined && !existed) continue;
      planned.push({ action: item === undefined ? 'delete' : existed ? 'update' : 'create', key, item });
    }
    return planned;
  }

  async update(update: ItemUpdate): ReturnType<Store['update']> {
    await this.bring([update.key]);
    const outcome = await this.memory.update(update);
    if (outcome.applied) this.written.add(idOf(update.key));
    return outcome;
  }

  async transact(writes: readonly ItemWrite[]): Promise<boolean> {
    const keys = writes.map(keyOfWrite);
    await this.bring(keys);
    const applied = await this.memory.transact(writes);
    if (applied) for (const key of keys) this.written.add(idOf(key));
    return applied;
  }

  async deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    await this.bring(keys);
    await this.memory.deleteMany(keys);
    for (const key of keys) this.written.add(idOf(key));
  }

  async get(key: PrimaryKey, options: Parameters<Store['get']>[1]): ReturnType<Store['get']> {
    return this.touched.has(idOf(key)) ? this.memory.get(key) : this.store.get(key, options);
  }

  async getMany(keys: readonly PrimaryKey[], options: Parameters<Store['getMany']>[1]): ReturnType<Store['getMany']> {
    const stored = await this.store.getMany(keys, options);
    return Promise.all(keys.map((key, at) => (this.touched.has(idOf(key)) ? this.memory.get(key) : stored[at])));
  }

  async *query(query: Parameters<Store['query']>[0]): AsyncIterable<Item> {
    for await (const item of this.store.query(query)) {
      const key = keyOfItem(item);
      const seen = this.touched.has(idOf(key)) ? await this.memory.get(key) : item;
      if (seen !== undefined) yield seen;
    }
  }

  async describe(): ReturnType<Store['describe']> {
    return this.store.describe();
  }

  /** Copies items to memory before they are written for the first time. */
  private async bring(keys: readonly PrimaryKey[]): Promise<void> {
    const missing = keys.filter((key) => !this.touched.has(idOf(key)));
    const items = await this.store.getMany(missing, { consistent: true });
    for (const [at, key] of missing.entries()) {
      const item = items[at];
      this.touched.set(idOf(key), key);
      this.before.set(idOf(key), item !== undefined);
      if (item !== undefined) await this.memory.transact([{ put: item }]);
    }
  }
}

const idOf = ({ pk, sk }: PrimaryKey): string => JSON.stringify([pk, sk]);

const keyOfItem = (item: Item): PrimaryKey => ({ pk: textOf(item, PARTITION_KEY), sk: textOf(item, SORT_KEY) });

const textOf = (item: Item, name: string): string => (item[name] as { readonly S: string }).S;

function keyOfWrite(write: ItemWrite): PrimaryKey {
  if ('put' in write) return keyOfItem(write.put);
  return 'update' in write ? write.update.key : write.delete;
}
