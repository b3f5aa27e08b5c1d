import { deepStrictEqual as same, ok, strictEqual as is } from 'node:assert';
import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import { GSI1 } from '../schema/table.js';
import type { Change, Condition } from '../schema/update.js';
import type { Query, Store } from '../store/store.js';

/** One promise that a store keeps. */
export interface StorePromise {
  /** The promise as a sentence, for the title of a test. */
  readonly title: string;
  /**
   * Rejects with an `AssertionError` when the store does not keep it.
   *
   * @param partition begins the partition keys of all items that are written; nobody else may use them
   */
  check(store: Store, partition: string): Promise<void>;
}

/**
 * What every store promises, for stores of one's own. Works with any test runner.
 *
 * @example
 * ```ts
 * for (const { title, check } of STORE_CONTRACT) test(title, () => check(new MyStore(), crypto.randomUUID()));
 * ```
 */
export const STORE_CONTRACT: readonly StorePromise[] = [
  promise('an update makes every kind of change, also under reserved and odd names', async ({ store, newKey }) => {
    const key = newKey();
    await store.update({ key, conditions: [], changes: changes({ 'ttl': { set: { N: '5' } }, 'b_a.b-c_tk': { add: 7 }, 'names': { addToSet: 'x' }, 'old': { set: { S: 'x' } } }) });

    const { applied, item } = await store.update({
      key,
      conditions: [],
      changes: changes({
        'ttl': { setIfAbsent: { N: '9' } }, 'status': { setIfAbsent: { S: 'new' } }, 'b_a.b-c_tk': { add: -10 }, 'names': { removeFromSet: 'x' }, 'old': { remove: true },
      }),
    });

    is(applied, true);
    same(item, { 'PK': { S: key.pk }, 'SK': { S: key.sk }, 'ttl': { N: '5' }, 'status': { S: 'new' }, 'b_a.b-c_tk': { N: '-3' } });
  }),

  ...([
    ['exists', { exists: 'n' }, true], ['exists', { exists: 'x' }, false],
    ['is absent', { absent: 'x' }, true], ['is absent', { absent: 'n' }, false],
    ['equals', { equals: ['n', { N: '5' }] }, true], ['equals', { equals: ['n', { N: '6' }] }, false], ['equals', { equals: ['x', { N: '5' }] }, false],
    ['differs', { differs: ['n', { N: '6' }] }, true], ['differs', { differs: ['n', { N: '5' }] }, false], ['differs', { differs: ['x', { N: '5' }] }, true],
    ['is at least', { atLeast: ['n', 5] }, true], ['is at least', { atLeast: ['n', 6] }, false], ['is at least', { atLeast: ['x', 0] }, false],
    ['is at most', { atMost: ['n', 5] }, true], ['is at most', { atMost: ['n', 4] }, false], ['is at most', { atMost: ['x', 0] }, false],
    ['is below', { below: ['s', { S: 'c' }] }, true], ['is below', { below: ['s', { S: 'b' }] }, false],
    ['any holds', { anyOf: [{ absent: 'n' }, { exists: 's' }] }, true], ['any holds', { anyOf: [{ absent: 'n' }, { absent: 's' }] }, false],
  ] satisfies [string, Condition, boolean][]).map(([what, condition, holds]) =>
    promise(`an update obeys a condition: ${what} ${JSON.stringify(condition)} is ${holds}`, async ({ store, newKey }) => {
      const key = newKey();
      await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } }, s: { set: { S: 'b' } } }) });

      const outcome = await store.update({ key, conditions: [{ exists: 'n' }, condition], changes: changes({ done: { set: { BOOL: true } } }) });

      is(outcome.applied, holds);
      same(outcome.item?.n, { N: '5' });
      is(outcome.item?.done !== undefined, holds);
    })),

  promise('an update that is refused on a missing item returns none', async ({ store, newKey }) => {
    same(await store.update({ key: newKey(), conditions: [{ exists: 'n' }], changes: changes({ n: { add: 1 } }) }), { applied: false, item: undefined });
  }),

  promise('updates at the same time happen one after the other', async ({ store, newKey }) => {
    const key = newKey();
    await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } } }) });
    const take = () => store.update({ key, conditions: [{ atLeast: ['n', 1] }], changes: changes({ n: { add: -1 } }) });

    const outcomes = await Promise.all(Array.from({ length: 8 }, take));

    is(outcomes.filter(({ applied }) => applied).length, 5);
    same((await store.get(key, { consistent: true }))?.n, { N: '0' });
  }),

  promise('a read gives an item, or nothing', async ({ store, newKey }) => {
    const key = newKey();
    await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } } }) });

    same(await store.get(key, { consistent: true }), { PK: { S: key.pk }, SK: { S: key.sk }, n: { N: '5' } });
    is(await store.get(newKey()), undefined);
  }),

  promise('many items are read in the order of their keys', async ({ store, newKey }) => {
    const keys = Array.from({ length: 120 }, newKey);
    for (const at of [0, 50, 119]) await store.update({ key: keys[at]!, conditions: [], changes: changes({ n: { set: { N: String(at) } } }) });

    const items = await store.getMany(keys, { consistent: true });

    same(items.flatMap((item, at) => (item === undefined ? [] : [[at, item.n]])), [[0, { N: '0' }], [50, { N: '50' }], [119, { N: '119' }]]);
  }),

  promise('an item is read as often as it is asked for', async ({ store, newKey }) => {
    const key = newKey();
    await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } } }) });

    const items = await store.getMany([key, newKey(), key], { consistent: true });

    same(items.map((item) => item?.n), [{ N: '5' }, undefined, { N: '5' }]);
    same(await store.getMany([]), []);
  }),

  promise('a query finds a partition by prefix and order, and an index', async ({ partition: base, indexed, sortKeys }) => {
    const partition = `${base}/QUERY#`;
    for (const sk of ['a-1', 'a-2', 'b-1']) await indexed({ pk: partition, sk }, partition, `i-${sk}`);

    same(await sortKeys({ partition }), ['a-1', 'a-2', 'b-1']);
    same(await sortKeys({ partition, prefix: 'a-', order: 'descending', consistent: true }), ['a-2', 'a-1']);
    same(await sortKeys({ partition, index: GSI1, prefix: 'i-b', consistent: true }), ['b-1']);
  }),

  promise('a query finds a range of sort keys, both ends included', async ({ partition: base, indexed, sortKeys }) => {
    const partition = `${base}/RANGE#`;
    for (const sk of ['a', 'b', 'b#x', 'c', 'd']) await indexed({ pk: partition, sk }, partition, sk);

    same(await sortKeys({ partition, between: ['b', 'c'] }), ['b', 'b#x', 'c']);
    same(await sortKeys({ partition, between: ['b#', 'z'], order: 'descending' }), ['d', 'c', 'b#x']);
    same(await sortKeys({ partition, index: GSI1, between: ['c', 'c'] }), ['c']);
  }),

  ...([
    [undefined, 'ascending', ['3', '4', '5']], [undefined, 'descending', ['1']], [GSI1, 'ascending', ['3', '4', '5']], [GSI1, 'descending', ['1']],
  ] as const).map(([index, order, expected]) =>
    promise(`a query goes on behind an item of ${index?.name ?? 'the table'}, in pages of two, ${order}`, async ({ partition: base, indexed, sortKeys }) => {
      const partition = `${base}/AFTER-${order}-${index?.name}#`;
      for (const sk of ['1', '2', '3', '4', '5']) await indexed({ pk: partition, sk }, partition, `i-${sk}`);
      const after = { PK: { S: partition }, SK: { S: '2' }, ...(index !== undefined && { GSI1PK: { S: partition }, GSI1SK: { S: 'i-2' } }) };

      same(await sortKeys({ partition, index, order, after, pageSize: 2 }), expected);
    })),

  promise('a query goes on between items that share a sort key of an index', async ({ store, partition: base, indexed, sortKeys }) => {
    const partition = `${base}/SHARED#`;
    for (const sk of ['1', '2', '3']) await indexed({ pk: partition, sk }, partition, 'same');
    const found: Item[] = [];
    for await (const item of store.query({ partition, index: GSI1 })) found.push(item);

    const rest = await Promise.all(found.map((after) => sortKeys({ partition, index: GSI1, after })));

    same(rest.map(({ length }) => length), [2, 1, 0]);
  }),

  promise('a transaction does all writes or none', async ({ store, newKey }) => {
    const [put, updated, deleted] = [newKey(), newKey(), newKey()];
    await store.update({ key: deleted, conditions: [], changes: changes({ n: { set: { N: '1' } } }) });
    const transact = (exists: boolean) => store.transact([
      { put: { PK: { S: put.pk }, SK: { S: put.sk } }, conditions: [{ absent: 'PK' }] },
      { update: { key: updated, conditions: [], changes: changes({ n: { add: 1 } }) } },
      { delete: deleted, conditions: [exists ? { exists: 'n' } : { absent: 'n' }] },
    ]);
    const found = async () => (await store.getMany([put, updated, deleted], { consistent: true })).map((item) => item !== undefined);

    is(await transact(false), false);
    same(await found(), [false, false, true]);
    is(await transact(true), true);
    same(await found(), [true, true, false]);
  }),

  promise('items are removed by their keys, more than one call takes, and keys without an item do no harm', async ({ store, newKey }) => {
    const keys = Array.from({ length: 30 }, newKey);
    const kept = newKey();
    for (const key of [keys[0]!, keys[29]!, kept]) await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '1' } } }) });

    await store.deleteMany(keys);
    await store.deleteMany([]);

    const items = await store.getMany([...keys, kept], { consistent: true });
    same(items.map((item) => item?.n), [...keys.map(() => undefined), { N: '1' }]);
  }),

  promise('a table that can be used says so', async ({ store, newKey }) => {
    await store.update({ key: newKey(), conditions: [], changes: changes({ n: { set: { N: '1' } } }) });

    const { status, itemCount, sizeBytes } = await store.describe();

    is(status, 'ACTIVE');
    ok(itemCount >= 0 && sizeBytes >= 0);
  }),
];

interface Setting {
  readonly store: Store;
  readonly partition: string;
  newKey(): PrimaryKey;
  /** Writes an item that is in an index. */
  indexed(key: PrimaryKey, indexPartition: string, sortKey: string): Promise<unknown>;
  sortKeys(query: Query): Promise<unknown[]>;
}

function promise(title: string, check: (setting: Setting) => Promise<void>): StorePromise {
  return {
    title,
    check: (store, partition) => {
      const own = `${partition}/${title.length}-${title.replace(/\W+/g, '-')}`;
      let keys = 0;
      return check({
        store,
        partition: own,
        newKey: () => ({ pk: `${own}/STORE#`, sk: `item-${String(++keys).padStart(3, '0')}` }),
        indexed: (key, indexPartition, sortKey) =>
          store.update({ key, conditions: [], changes: changes({ GSI1PK: { set: { S: indexPartition } }, GSI1SK: { set: { S: sortKey } } }) }),
        sortKeys: async (query) => {
          const found: unknown[] = [];
          for await (const { SK } of store.query(query)) found.push((SK as { S: string }).S);
          return found;
        },
      });
    },
  };
}

function changes(all: Readonly<Record<string, Change>>): ReadonlyMap<string, Change> {
  return new Map(Object.entries(all));
}
