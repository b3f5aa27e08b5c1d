import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import type { IndexNames } from '../schema/table.js';
import type { ItemUpdate, ItemWrite } from '../schema/update.js';

/** What became of a conditional update. */
export type UpdateOutcome =
  /** The conditions held; `item` is the item after the update. */
  | { readonly applied: true; readonly item: Item }
  /** A condition failed and nothing changed; `item` is the item as it is, undefined when there is none. */
  | { readonly applied: false; readonly item: Item | undefined };

export interface Query {
  /** Index to look in. @default the table */
  readonly index?: IndexNames;
  /** Value of the partition key. */
  readonly partition: string;
  /** Beginning of the sort key. @default any */
  readonly prefix?: string;
  /** First and last sort key, instead of a prefix. @default any */
  readonly between?: readonly [first: string, last: string];
  /** @default 'ascending' */
  readonly order?: 'ascending' | 'descending';
  /** An item to go on behind, of which only the keys count, those of the index included. @default from the beginning */
  readonly after?: Item;
  /** Items that one call reads at most. @default what fits into 1 MB */
  readonly pageSize?: number;
  /** Whether what was just written is seen; an index cannot promise it. @default false */
  readonly consistent?: boolean;
}

/** What the store says about its table. */
export interface TableDescription {
  /** As DynamoDB calls it; `ACTIVE` when the table can be used. */
  readonly status: string;
  /** Approximate; DynamoDB counts every six hours or so. */
  readonly itemCount: number;
  /** Approximate, as the count. */
  readonly sizeBytes: number;
  /** Whether changes are streamed, without which nothing counts usage. */
  readonly streamEnabled: boolean;
}

/** How long a call may take. */
export interface CallOptions {
  /** Longest wait for the answer in milliseconds, repetitions included. @default the store's own */
  readonly timeoutMs?: number;
}

export interface ReadOptions extends CallOptions {
  /** Sees every write that ended before. @default false */
  readonly consistent?: boolean;
}

export interface UpdateOptions extends CallOptions {
  /** Repeat a write that the store refused because it was busy. @default true */
  readonly repeat?: boolean;
}

/**
 * The table, as far as a limiter needs it.
 *
 * Every method rejects with `InfrastructureNotFoundError` when the table does not exist and with
 * `LimiterUnavailableError` when the store does not answer or refuses.
 */
export interface Store {
  readonly tableName: string;

  /** One conditional write; 1 call. A failed condition is an outcome, not an error. */
  update(update: ItemUpdate, options?: UpdateOptions): Promise<UpdateOutcome>;

  /** One item, or undefined; 1 call. */
  get(key: PrimaryKey, options?: ReadOptions): Promise<Item | undefined>;

  /** The items in the order of their keys, undefined where there is none; 1 call for up to 100 keys. */
  getMany(keys: readonly PrimaryKey[], options?: ReadOptions): Promise<readonly (Item | undefined)[]>;

  /** All items of a partition in order of their sort keys, page by page; 1 call a page. */
  query(query: Query): AsyncIterable<Item>;

  /** All writes or none; 1 call. False when a condition failed. */
  transact(writes: readonly ItemWrite[]): Promise<boolean>;

  /** Removes items, whatever they hold; 1 call for up to 25. Keys without an item are no error. */
  deleteMany(keys: readonly PrimaryKey[]): Promise<void>;

  /** State and size of the table; 1 call. */
  describe(): Promise<TableDescription>;
}

/** The part of a store that requests need. */
export type RequestStore = Pick<Store, 'tableName' | 'update' | 'get' | 'getMany'>;
