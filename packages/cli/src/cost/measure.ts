import { Limit, MemoryStore, RateLimiter, type Clock, type Store } from '@zae-limiter/client';
import type { AttributeValue, Item, ItemUpdate, PrimaryKey } from '@zae-limiter/client/admin';

/** What the client writes for a request, found out by making it. */
export interface MeasuredWrites {
  /** Write units of a request to a bucket that the process knows. */
  readonly request: number;
  /** Write units of one whose parent is charged too. */
  readonly cascading: number;
  /** Write units of correcting a request. */
  readonly correction: number;
  /** Bytes of a bucket's item. */
  readonly bucketBytes: number;
}

const UNIT_BYTES = 1024;
/** What DynamoDB adds to each item when it bills storage. */
const ITEM_OVERHEAD = 100;
/** A typical id, whose length counts: an item holds it several times. */
const ENTITY = 'user-0123456789abcdef';
const PARENT = 'org-0123456789abcdef';
const RESOURCE = 'anthropic/claude';

/** Makes requests against a table in memory and counts what they write. */
export async function measureWrites(limits: number): Promise<MeasuredWrites> {
  const memory = new MemoryStore('measured');
  let [units, last]: [number, PrimaryKey | undefined] = [0, undefined];
  const store: Store = Object.assign(Object.create(memory) as Store, {
    update: async (update: ItemUpdate) => {
      const outcome = await memory.update(update);
      const written = itemBytes(await memory.get(update.key) ?? {});
      last = update.key;
      units += Math.ceil(Math.max(1, written) / UNIT_BYTES);
      return outcome;
    },
  });
  const limiter = new RateLimiter({ store, namespaceId: 'A1b2C3d4E5f', clock: STANDING_CLOCK });
  const names = Array.from({ length: limits }, (_, at) => `limit${at + 1}`);
  await limiter.admin.limits.set(names.map((name) => Limit.perMinute(name, 1_000_000)));
  await limiter.admin.entities.create({ id: ENTITY, parentId: PARENT, cascade: true });
  const consume = Object.fromEntries(names.map((name) => [name, 1]));
  const unitsOf = async (work: () => Promise<unknown>): Promise<number> => {
    units = 0;
    await work();
    return units;
  };
  const take = async (entity: string) => limiter.acquire({ entity, resource: RESOURCE, consume });
  await take(ENTITY); // creates the buckets of both
  const cascading = await unitsOf(() => take(ENTITY));
  const request = await unitsOf(() => take(PARENT));
  const bucketBytes = itemBytes(await memory.get(last!) ?? {}) + ITEM_OVERHEAD;
  const lease = await take(PARENT);
  lease.adjust(Object.fromEntries(names.map((name) => [name, 1])));
  return { request, cascading, correction: await unitsOf(() => lease.commit()), bucketBytes };
}

/** Nothing refills and nothing is late. */
const STANDING_CLOCK: Clock = {
  now: () => Date.UTC(2100, 0, 1), sleep: (_, signal) => new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  }),
};

/** Bytes of an item by the rules of DynamoDB. */
const itemBytes = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

function valueBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S!);
  if ('N' in value) return Math.ceil(value.N!.replace(/\D|^0+/g, '').length / 2) + 1 + (value.N!.startsWith('-') ? 1 : 0);
  return 1; // a bucket holds booleans beside
}
