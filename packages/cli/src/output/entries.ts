import type { List } from '@zae-limiter/client';

const MAX_PAGE = 1000;

/** Part of a list, and where to go on. */
export interface Part<T> {
  readonly items: readonly T[];
  /** Null at the end of the list. */
  readonly cursor: string | null;
}

export interface PartOptions {
  /** @default from the beginning */
  readonly cursor?: string;
  /** @default all of them */
  readonly limit?: number;
}

/** Entries of a list from a cursor on. */
export async function readPart<T>(list: List<T>, { cursor, limit = Infinity }: PartOptions): Promise<Part<T>> {
  const items: T[] = [];
  let next = cursor;
  do {
    const page = await list.page({ cursor: next, limit: Math.min(limit - items.length, MAX_PAGE) });
    items.push(...page.items);
    next = page.cursor;
  } while (next !== undefined && items.length < limit);
  return { items, cursor: next ?? null };
}

/** The entries of a list, read in pages: for those who are likely to need only the first ones. */
export async function* inPages<T>(list: List<T>, size: number): AsyncIterable<T> {
  let cursor: string | undefined;
  do {
    const page = await list.page({ cursor, limit: Math.min(size, MAX_PAGE) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The first entries, and whether there are more. */
export async function take<T>(entries: AsyncIterable<T>, limit: number): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = [];
  for await (const entry of entries) {
    if (items.length === limit) return { items, more: true };
    items.push(entry);
  }
  return { items, more: false };
}
