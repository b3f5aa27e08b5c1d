import { MemoryStore, type Store } from '@zae-limiter/client';
import type { Item } from '@zae-limiter/client/admin';
import { DryRunStore } from '../src/table/dry-run-store';
import { readOnly } from '../src/table/read-only-store';

const key = (sk: string) => ({ pk: 'p', sk });
const item = (sk: string, n: number): Item => ({ PK: { S: 'p' }, SK: { S: sk }, n: { N: String(n) } });

let stored: MemoryStore;
let dry: DryRunStore;
beforeEach(async () => {
  stored = new MemoryStore('t');
  await stored.transact([{ put: item('a', 1) }, { put: item('b', 2) }]);
  dry = new DryRunStore(stored);
});

async function all(store: Store): Promise<Item[]> {
  const items: Item[] = [];
  for await (const one of store.query({ partition: 'p' })) items.push(one);
  return items;
}

test('writes are kept, read back and never carried out', async () => {
  const before = await all(stored);

  expect(await dry.update({ key: key('a'), changes: new Map([['n', { add: 5 }]]), conditions: [] })).toMatchObject({ applied: true, item: item('a', 6) });
  expect(await dry.transact([{ put: item('c', 3) }])).toBe(true);
  await dry.deleteMany([key('b'), key('never')]);

  expect(await dry.get(key('a'), {})).toEqual(item('a', 6));
  expect(await dry.getMany([key('a'), key('b'), key('c')], {})).toEqual([item('a', 6), undefined, item('c', 3)]);
  expect(await all(dry)).toEqual([item('a', 6)]); // what a write adds to a partition is not looked for there
  expect(await all(stored)).toEqual(before);
  expect(await dry.writes()).toEqual([
    { action: 'update', key: key('a'), item: item('a', 6) }, { action: 'create', key: key('c'), item: item('c', 3) }, { action: 'delete', key: key('b'), item: undefined },
  ]);
});

test('conditions are those of the table', async () => {
  expect(await dry.update({ key: key('a'), changes: new Map(), conditions: [{ absent: 'PK' }] })).toEqual({ applied: false, item: item('a', 1) });
  expect(await dry.transact([{ put: item('a', 9), conditions: [{ absent: 'PK' }] }])).toBe(false);
  expect(await dry.writes()).toEqual([]); // what was refused writes nothing
});

test('a store that only reads reads, and refuses every write', async () => {
  const store = readOnly(stored);

  expect(await store.get(key('a'))).toEqual(item('a', 1));
  expect(await store.getMany([key('a')])).toEqual([item('a', 1)]);
  expect(await all(store)).toHaveLength(2);
  expect(await store.describe()).toMatchObject({ status: 'ACTIVE' });
  for (const write of [store.update({ key: key('a'), changes: new Map(), conditions: [] }), store.transact([]), store.deleteMany([])]) {
    await expect(write).rejects.toThrow('only reads');
  }
});
