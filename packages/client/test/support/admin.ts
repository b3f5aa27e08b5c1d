import { randomBytes } from 'node:crypto';
import { LimiterUnavailableError, MemoryStore, RateLimiter, type Admin, type AuditEvent, type Store } from '@zae-limiter/client';
import type { Item } from '@zae-limiter/client/schema/attributes';
import { PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/schema/table';
import { FakeClock } from '@zae-limiter/client/testing';
import { PATIENCE_MS, type TestTable } from '../../../../test/support/table';

/** A limiter in a namespace that no other test uses, with a clock that stands still. */
export function newAdmin(table: TestTable): { limiter: RateLimiter; admin: Admin; clock: FakeClock; namespaceId: string } {
  const namespaceId = `T${randomBytes(8).toString('hex')}`;
  const clock = new FakeClock();
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId, clock });
  return { limiter, admin: limiter.admin, clock, namespaceId };
}

/** Writes a whole item. */
export async function put(store: Store, item: Item): Promise<void> {
  await store.transact([{ put: item }]);
}

/** Everything that the index of the namespace shows, as `PK SK`, and without it what this partition holds. */
export async function keysOf(store: Store, namespaceId: string, partition?: string): Promise<string[]> {
  const index = { name: 'GSI4', partitionKey: 'GSI4PK', sortKey: 'GSI4SK', projection: 'KEYS_ONLY' } as const;
  const keys: string[] = [];
  const query = partition === undefined ? { index, partition: namespaceId } : { partition };
  for await (const item of store.query(query)) keys.push([PARTITION_KEY, SORT_KEY].map((name) => (item[name] as { S: string }).S).join(' '));
  return keys.sort();
}

/** Events without what differs from run to run. */
export const shown = (events: readonly AuditEvent[]): object[] => events.map(({ id, timestamp, ...event }) => event);

/** A store in memory that fails after a number of calls, as a process that dies does. */
export function dyingStore(store: MemoryStore, callsLeft: number): Store {
  let left = callsLeft;
  const live = (): void => {
    if (left-- <= 0) throw new LimiterUnavailableError('the process died', true);
  };
  return {
    tableName: store.tableName,
    update: async (update) => { live(); return store.update(update); },
    get: async (key) => { live(); return store.get(key); },
    getMany: async (keys) => { live(); return store.getMany(keys); },
    async *query(query) { live(); yield* store.query(query); },
    transact: async (writes) => { live(); return store.transact(writes); },
    async deleteMany(keys) {
      for (const key of keys) { // a batch may be done in part
        live();
        await store.deleteMany([key]);
      }
    },
    describe: async () => { live(); return store.describe(); },
  };
}
