import type { Query, Store } from '@zae-limiter/client';
import type { Change, Condition } from '@zae-limiter/client/schema/update';

/** What every store promises, as tests. Each run gives it a partition that nobody else uses. */
export function storeContract(name: string, connect: () => Promise<{ store: Store; partition: string }>): void {
  let store: Store;
  let partitionOfTests: string;
  let keys = 0;

  const newKey = () => ({ pk: `${partitionOfTests}/STORE#`, sk: `item-${String(++keys).padStart(3, '0')}` });
  const changes = (all: Record<string, Change>) => new Map(Object.entries(all));

  beforeAll(async () => {
    const connected = await connect();
    store = connected.store;
    partitionOfTests = connected.partition;
  });

  describe(`${name}: update`, () => {
    test('makes every kind of change, also under reserved and odd names', async () => {
      const key = newKey();
      await store.update({ key, conditions: [], changes: changes({ 'ttl': { set: { N: '5' } }, 'b_a.b-c_tk': { add: 7 }, 'names': { addToSet: 'x' }, 'old': { set: { S: 'x' } } }) });

      const { applied, item } = await store.update({
        key,
        conditions: [],
        changes: changes({
          'ttl': { setIfAbsent: { N: '9' } }, 'status': { setIfAbsent: { S: 'new' } }, 'b_a.b-c_tk': { add: -10 }, 'names': { removeFromSet: 'x' },
          'old': { remove: true },
        }),
      });

      expect(applied).toBe(true);
      expect(item).toEqual({ 'PK': { S: key.pk }, 'SK': { S: key.sk }, 'ttl': { N: '5' }, 'status': { S: 'new' }, 'b_a.b-c_tk': { N: '-3' } });
    });

    const held: [string, Condition, boolean][] = [
      ['exists', { exists: 'n' }, true], ['exists', { exists: 'x' }, false],
      ['is absent', { absent: 'x' }, true], ['is absent', { absent: 'n' }, false],
      ['equals', { equals: ['n', { N: '5' }] }, true], ['equals', { equals: ['n', { N: '6' }] }, false],
      ['is at least', { atLeast: ['n', 5] }, true], ['is at least', { atLeast: ['n', 6] }, false],
      ['is at most', { atMost: ['n', 5] }, true], ['is at most', { atMost: ['n', 4] }, false],
      ['is below', { below: ['s', { S: 'c' }] }, true], ['is below', { below: ['s', { S: 'b' }] }, false],
      ['any holds', { anyOf: [{ absent: 'n' }, { exists: 's' }] }, true], ['none of two holds', { anyOf: [{ absent: 'n' }, { absent: 's' }] }, false],
    ];

    test.each(held)('obeys a condition: %s %j is %s', async (_, condition, applied) => {
      const key = newKey();
      await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } }, s: { set: { S: 'b' } } }) });

      const outcome = await store.update({ key, conditions: [{ exists: 'n' }, condition], changes: changes({ done: { set: { BOOL: true } } }) });

      expect(outcome.applied).toBe(applied);
      expect(outcome.item).toMatchObject({ n: { N: '5' } });
      expect(outcome.item?.done !== undefined).toBe(applied);
    });

    test('refused on a missing item returns none', async () => {
      expect(await store.update({ key: newKey(), conditions: [{ exists: 'n' }], changes: changes({ n: { add: 1 } }) }))
        .toEqual({ applied: false, item: undefined });
    });
  });

  describe(`${name}: reading`, () => {
    test('one item gives it, or nothing', async () => {
      const key = newKey();
      await store.update({ key, conditions: [], changes: changes({ n: { set: { N: '5' } } }) });

      expect(await store.get(key, { consistent: true })).toEqual({ PK: { S: key.pk }, SK: { S: key.sk }, n: { N: '5' } });
      expect(await store.get(newKey())).toBeUndefined();
    });

    test('gets many items in the order of their keys', async () => {
      const some = Array.from({ length: 120 }, newKey);
      for (const at of [0, 50, 119]) await store.update({ key: some[at]!, conditions: [], changes: changes({ n: { set: { N: String(at) } } }) });

      const items = await store.getMany(some);

      expect(items.flatMap((item, at) => (item === undefined ? [] : [[at, item.n]]))).toEqual([[0, { N: '0' }], [50, { N: '50' }], [119, { N: '119' }]]);
    });

    test('queries a partition by prefix and order, and an index', async () => {
      const partition = `${partitionOfTests}/QUERY#`;
      const put = (sk: string) => store.update({
        key: { pk: partition, sk }, conditions: [], changes: changes({ GSI1PK: { set: { S: partition } }, GSI1SK: { set: { S: `i-${sk}` } } }),
      });
      for (const sk of ['a-1', 'a-2', 'b-1']) await put(sk);
      const index = { name: 'GSI1', partitionKey: 'GSI1PK', sortKey: 'GSI1SK', projection: 'ALL' } as const;
      const sortKeys = async (query: Partial<Query>) => {
        const found: unknown[] = [];
        for await (const { SK } of store.query({ partition, ...query })) found.push((SK as { S: string }).S);
        return found;
      };

      expect(await sortKeys({})).toEqual(['a-1', 'a-2', 'b-1']);
      expect(await sortKeys({ prefix: 'a-', order: 'descending' })).toEqual(['a-2', 'a-1']);
      expect(await sortKeys({ index, prefix: 'i-b' })).toEqual(['b-1']);
    });
  });

  describe(`${name}: transact`, () => {
    test('does all writes or none', async () => {
      const [put, updated, deleted] = [newKey(), newKey(), newKey()];
      await store.update({ key: deleted, conditions: [], changes: changes({ n: { set: { N: '1' } } }) });
      const writes = (exists: boolean) => [
        { put: { PK: { S: put.pk }, SK: { S: put.sk } }, conditions: [{ absent: 'PK' }] },
        { update: { key: updated, conditions: [], changes: changes({ n: { add: 1 } }) } },
        { delete: deleted, conditions: [exists ? { exists: 'n' } : { absent: 'n' }] },
      ];

      expect(await store.transact(writes(false))).toBe(false);
      expect(await store.getMany([put, updated, deleted])).toMatchObject([undefined, undefined, { n: { N: '1' } }]);
      expect(await store.transact(writes(true))).toBe(true);
      expect(await store.getMany([put, updated, deleted])).toMatchObject([{}, { n: { N: '1' } }, undefined]);
    });
  });
}
