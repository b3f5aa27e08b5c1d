import { MemoryStore, type Store } from '@zae-limiter/client';
import { QueueingStore } from '@zae-limiter/client/admin/queueing-store';
import { text } from '@zae-limiter/client/schema/attributes';
import type { ItemWrite } from '@zae-limiter/client/schema/update';

const key = (pk: string) => ({ pk, sk: 'x' });
const put = (pk: string): ItemWrite => ({ put: { PK: text(pk), SK: text('x') } });
const add = (pk: string): ItemWrite => ({ update: { key: key(pk), changes: new Map([['n', { add: 1 }]]), conditions: [] } });
const isUpdate = (write: ItemWrite): write is Extract<ItemWrite, { update: unknown }> => 'update' in write;

/** A table that refuses transactions that meet another write at an item, as DynamoDB does. */
function meetingStore(): { store: Store; together: () => number } {
  const memory = new MemoryStore();
  const busy = new Set<string>();
  let [running, most] = [0, 0];
  const during = async <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    if (keys.some((one) => busy.has(one))) throw new Error('TransactionConflict');
    keys.forEach((one) => busy.add(one));
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    keys.forEach((one) => busy.delete(one));
    running--;
    return work();
  };
  const keyOf = (write: ItemWrite): string => (isUpdate(write) ? write.update.key.pk : 'put' in write ? (write.put.PK as { S: string }).S : write.delete.pk);
  const store: Store = Object.assign(Object.create(memory) as MemoryStore, {
    tableName: memory.tableName,
    transact: (writes: readonly ItemWrite[]) => during(writes.map(keyOf), () => memory.transact(writes)),
    update: (update: Parameters<Store['update']>[0]) => during([update.key.pk], () => memory.update(update)),
    deleteMany: (keys: Parameters<Store['deleteMany']>[0]) => during(keys.map(({ pk }) => pk), () => memory.deleteMany(keys)),
  });
  return { store, together: () => most };
}

describe('writes through a queue', () => {
  test('to one item wait for each other, others do not', async () => {
    const { store, together } = meetingStore();
    const queue = new QueueingStore(store);

    await Promise.all(Array.from({ length: 30 }, async (_, at) => {
      if (at % 3 === 0) await queue.transact([put(`item-${at}`), add('registry'), { delete: key(`gone-${at}`) }]);
      else if (at % 3 === 1) await queue.update((add('registry') as Extract<ItemWrite, { update: unknown }>).update);
      else await queue.deleteMany([key(`item-${at}`)]);
    }));

    expect(await queue.get(key('registry'))).toMatchObject({ n: { N: '20' } });
    expect(together()).toBeGreaterThan(1);
  });

  test('go on after one that failed, and each gets its own answer', async () => {
    const memory = new MemoryStore('t');
    const queue = new QueueingStore(memory);
    const refused: ItemWrite = { put: { PK: text('a'), SK: text('x') }, conditions: [{ exists: 'PK' }] };
    const broken = new QueueingStore(Object.assign(Object.create(memory) as MemoryStore, { transact: async () => { throw new Error('down'); } }));

    expect(await Promise.all([queue.transact([refused]), queue.transact([put('a')]), queue.transact([refused])])).toEqual([false, true, true]);
    expect((await Promise.allSettled([broken.transact([put('a')]), broken.transact([put('a')])])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(queue.tableName).toBe('t');
    expect(await queue.getMany([key('a'), key('b')])).toEqual([{ PK: text('a'), SK: text('x') }, undefined]);
    expect((await queue.describe()).itemCount).toBe(1);
    const found: unknown[] = [];
    for await (const item of queue.query({ partition: 'a' })) found.push(item);
    expect(found).toHaveLength(1);
  });
});
