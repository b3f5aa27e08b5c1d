import { List, MemoryStore, ValidationError } from '@zae-limiter/client';
import { entriesOf, inGroups, mapEntries, queryFrom } from '@zae-limiter/client/admin/list';
import { readText, type Item } from '@zae-limiter/client/schema/attributes';
import { GSI1 } from '@zae-limiter/client/schema/table';
import type { Query } from '@zae-limiter/client/store/store';
import { put } from '../support/admin';

const store = new MemoryStore();
beforeAll(async () => {
  for (let at = 0; at < 5; at++) await put(store, { PK: { S: 'p' }, SK: { S: `#a#${at}` }, GSI1PK: { S: 'i' }, GSI1SK: { S: 'same' } });
});

const sortKey = (item: Item) => readText(item, 'SK');
const list = (query: Query = { partition: 'p', prefix: '#a#' }, keep: (item: Item) => string | undefined = sortKey) =>
  new List((from) => mapEntries(queryFrom(store, query, from), keep));
const names = new List((from) => entriesOf(['a', 'b', 'c'], from));

async function pages<T>(of: List<T>, limit: number): Promise<(readonly T[])[]> {
  const all: (readonly T[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await of.page({ cursor, limit });
    all.push(page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

describe('a list', () => {
  test('is looped over whole, or taken into memory', async () => {
    const found: string[] = [];
    for await (const name of list()) found.push(name);

    expect(found).toEqual(['#a#0', '#a#1', '#a#2', '#a#3', '#a#4']);
    expect(await list().toArray()).toEqual(found);
  });

  test.each([
    ['a partition', list(), 2, [2, 2, 1]], ['a partition', list(), 5, [5]], ['backwards', list({ partition: 'p', order: 'descending' }), 3, [3, 2]],
    ['an index with one sort key', list({ index: GSI1, partition: 'i' }), 2, [2, 2, 1]], ['a range', list({ partition: 'p', between: ['#a#1', '#a#3'] }), 2, [2, 1]],
    ['what is left of a filter', list(undefined, (item) => (sortKey(item) === '#a#2' ? undefined : sortKey(item))), 2, [2, 2]],
    ['names', names, 2, [2, 1]],
  ] as [string, List<string>, number, number[]][])('comes in pages of %s', async (_, of, limit, sizes) => {
    const all = await pages(of, limit);

    expect(all.map(({ length }) => length)).toEqual(sizes);
    expect(all.flat()).toEqual(await of.toArray());
  });

  test('has one page of nothing when it is empty', async () => {
    expect(await list({ partition: 'other' }).page()).toEqual({ items: [], cursor: undefined });
  });

  test('reads no more than a page needs', async () => {
    const sizes: unknown[] = [];
    const watched = Object.assign(Object.create(store) as MemoryStore, {
      query: (query: Query) => {
        sizes.push(query.pageSize);
        return store.query(query);
      },
    });

    await new List((from) => queryFrom(watched, { partition: 'p' }, from)).page({ limit: 2 });

    expect(sizes).toEqual([3]);
  });

  const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

  test.each([
    ['no cursor', 'nonsense'], ['no text', cursor({ PK: 5, SK: 'x' })], ['null', cursor(null)], ['a number', cursor(5)],
    ['another partition', cursor({ PK: 'q', SK: '#a#1' })], ['another kind of items', cursor({ PK: 'p', SK: '#b#1' })],
    ['more keys', cursor({ PK: 'p', SK: '#a#1', X: 'x' })], ['fewer keys', cursor({ PK: 'p' })], ['a name', cursor({ name: 'a' })],
  ])('rejects a cursor that is %s', async (_, bad) => {
    await expect(list().page({ cursor: bad })).rejects.toMatchObject({ code: 'VALIDATION_FAILED', field: 'cursor' });
  });

  test('rejects a cursor of another list', async () => {
    const { cursor: of } = await list().page({ limit: 1 });

    await expect(names.page({ cursor: of })).rejects.toBeInstanceOf(ValidationError);
    await expect(list({ partition: 'p', between: ['#a#3', '#a#4'] }).page({ cursor: of })).rejects.toBeInstanceOf(ValidationError);
    await expect(list({ index: GSI1, partition: 'i' }).page({ cursor: of })).rejects.toBeInstanceOf(ValidationError);
  });

  test.each([[0, 'not_positive'], [-1, 'not_positive'], [1.5, 'not_positive'], [1001, 'too_large']])('rejects a page of %d entries', async (limit, reason) => {
    await expect(list().page({ limit })).rejects.toMatchObject({ field: 'limit', reason });
  });
});

test('groups hold what fits, and the last one the rest', async () => {
  const groups: unknown[] = [];
  for await (const group of inGroups(names, 2)) groups.push(group);

  expect(groups).toEqual([['a', 'b'], ['c']]);
});
