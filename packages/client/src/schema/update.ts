import type { AttributeValue, Item } from './attributes.js';
import type { PrimaryKey } from './keys.js';

/** What an update does to one attribute. */
export type Change =
  | { readonly set: AttributeValue }
  /** Set it unless the item has it. */
  | { readonly setIfAbsent: AttributeValue }
  /** Add to a number; a missing attribute counts as 0. */
  | { readonly add: number }
  /** Add to a set of strings. */
  | { readonly addToSet: string }
  /** Take from a set of strings; the attribute goes with its last member. */
  | { readonly removeFromSet: string }
  | { readonly remove: true };

/** What must hold for an item before the update. All of a list must. */
export type Condition =
  | { readonly exists: string }
  | { readonly absent: string }
  | { readonly equals: readonly [attribute: string, value: AttributeValue] }
  /** Also holds when the attribute is missing. */
  | { readonly differs: readonly [attribute: string, value: AttributeValue] }
  | { readonly atLeast: readonly [attribute: string, value: number] }
  | { readonly atMost: readonly [attribute: string, value: number] }
  | { readonly below: readonly [attribute: string, value: AttributeValue] }
  | { readonly anyOf: readonly Condition[] };

/** One conditional update of one item, independent of the store that carries it out. Creates the item when it is missing. */
export interface ItemUpdate {
  readonly key: PrimaryKey;
  readonly changes: ReadonlyMap<string, Change>;
  readonly conditions: readonly Condition[];
}

/** One write of a transaction. */
export type ItemWrite =
  | { readonly update: ItemUpdate }
  | { readonly put: Item; readonly conditions?: readonly Condition[] }
  | { readonly delete: PrimaryKey; readonly conditions?: readonly Condition[] };

/** Changes that set every attribute of an item. */
export function setAll(item: Item): [string, Change][] {
  return Object.entries(item).map(([name, value]) => [name, { set: value }]);
}

/** Changes that set those attributes of an item that are missing. */
export function setAllIfAbsent(item: Item): [string, Change][] {
  return Object.entries(item).map(([name, value]) => [name, { setIfAbsent: value }]);
}
