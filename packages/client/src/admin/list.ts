import { ValidationError } from '../core/errors.js';
import { readText, text, type Item } from '../schema/attributes.js';
import { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Query, Store } from '../store/store.js';

export interface PageOptions {
  /** Where to go on: the cursor of the page before. @default from the beginning */
  readonly cursor?: string;
  /** Entries of the page, at most. 1 to 1000. @default 100 */
  readonly limit?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined on the last. Opaque. */
  readonly cursor: string | undefined;
}

/** Text values that find the place behind an entry again. */
export type Position = Readonly<Record<string, string>>;

/** An entry of a list and its place. */
export interface Entry<T> {
  readonly value: T;
  readonly position: Position;
}

/** Where to begin to read, and how much is likely to be needed. */
export interface ReadFrom {
  readonly after?: Position;
  readonly pageSize?: number;
}

const MAX_PAGE = 1000;

/**
 * Entries that are read while they are asked for. Loop over all with `for await`, or take a page at a time.
 *
 * @example
 * ```ts
 * for await (const { id } of limiter.admin.entities.list()) console.log(id);
 * const { items, cursor } = await limiter.admin.entities.list().page({ limit: 20 });
 * ```
 */
export class List<T> implements AsyncIterable<T> {
  /** @param read must throw a `ValidationError` for a position that is not of this list */
  constructor(private readonly read: (from: ReadFrom) => AsyncIterable<Entry<T>>) {}

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for await (const { value } of this.read({})) yield value;
  }

  /**
   * Some entries, and where to go on.
   *
   * @throws {ValidationError} the cursor is not one of this list, or the limit is out of range
   */
  async page({ cursor, limit = 100 }: PageOptions = {}): Promise<Page<T>> {
    if (!Number.isInteger(limit) || limit < 1) throw new ValidationError('limit', limit, 'not_positive', 'must be an integer, at least 1');
    if (limit > MAX_PAGE) throw new ValidationError('limit', limit, 'too_large', `must be at most ${MAX_PAGE}`);
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const found: Entry<T>[] = [];
    // One entry more than wanted tells whether there is another page.
    for await (const entry of this.read({ after, pageSize: limit + 1 })) {
      if (found.push(entry) > limit) break;
    }
    const items = found.slice(0, limit).map(({ value }) => value);
    return { items, cursor: found.length > limit ? encodeCursor(found[limit - 1]!.position) : undefined };
  }

  /** All entries in memory. For lists that are known to be short. */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const value of this) all.push(value);
    return all;
  }
}

/** The items of a query, each with its place. A position that leads out of the query is refused. */
export async function* queryFrom(store: Store, query: Query, { after, pageSize }: ReadFrom): AsyncIterable<Entry<Item>> {
  const names = [PARTITION_KEY, SORT_KEY, ...(query.index === undefined ? [] : [query.index.partitionKey, query.index.sortKey])];
  for await (const item of store.query({ ...query, after: after && startKey(after, names, query), pageSize })) {
    yield { value: item, position: Object.fromEntries(names.map((name) => [name, readText(item, name)!])) };
  }
}

/** Entries of a list that was read whole. */
export async function* entriesOf(names: readonly string[], { after }: ReadFrom): AsyncIterable<Entry<string>> {
  const last = after === undefined ? undefined : after.name ?? badCursor(JSON.stringify(after));
  for (const name of names) {
    if (last === undefined || name > last) yield { value: name, position: { name } };
  }
}

/** Entries with other values; those that become undefined are left out. */
export async function* mapEntries<A, B>(entries: AsyncIterable<Entry<A>>, change: (value: A) => B | undefined): AsyncIterable<Entry<B>> {
  for await (const { value, position } of entries) {
    const changed = change(value);
    if (changed !== undefined) yield { value: changed, position };
  }
}

/** Items of an iterable in groups, so that a group can be read in one call. */
export async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncIterable<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    if (group.push(item) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function startKey(after: Position, names: readonly string[], { index, partition, prefix = '', between }: Query): Item {
  const sort = after[index?.sortKey ?? SORT_KEY] ?? '';
  const inside = after[index?.partitionKey ?? PARTITION_KEY] === partition
    && sort.startsWith(prefix) && (between === undefined || (between[0] <= sort && sort <= between[1]));
  const complete = Object.keys(after).length === names.length && names.every((name) => after[name] !== undefined);
  if (!inside || !complete) return badCursor(JSON.stringify(after));
  return Object.fromEntries(names.map((name) => [name, text(after[name]!)]));
}

function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof position === 'object' && position !== null && Object.values(position).every((value) => typeof value === 'string')) return position as Position;
  } catch {
    // below
  }
  return badCursor(cursor);
}

function badCursor(cursor: string): never {
  throw new ValidationError('cursor', cursor, 'format', 'must be the cursor of a page of the same list');
}
