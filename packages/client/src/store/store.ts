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
  /** @default 'ascending' */
  readonly order?: 'ascending' | 'descending';
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
  update(update: ItemUpdate): Promise<UpdateOutcome>;

  /** One item, or undefined; 1 call. */
  get(key: PrimaryKey, options?: { readonly consistent?: boolean }): Promise<Item | undefined>;

  /** The items in the order of their keys, undefined where there is none; 1 call for up to 100 keys. */
  getMany(keys: readonly PrimaryKey[], options?: { readonly consistent?: boolean }): Promise<readonly (Item | undefined)[]>;

  /** All items of a partition in order of their sort keys, page by page; 1 call a page. */
  query(query: Query): AsyncIterable<Item>;

  /** All writes or none; 1 call. False when a condition failed. */
  transact(writes: readonly ItemWrite[]): Promise<boolean>;
}
