import type { AttributeValue, Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Change, Condition, ItemUpdate, ItemWrite } from '../schema/update.js';
import type { Query, Store, TableDescription, UpdateOutcome } from './store.js';

/**
 * A table in memory, with DynamoDB's rules for conditions, updates and transactions. For tests and for a single process.
 *
 * Every call is atomic and answers in a later turn of the event loop, as a call over the network would. Nothing expires
 * and nothing is throttled.
 */
export class MemoryStore implements Store {
  private readonly items = new Map<string, Item>();

  constructor(readonly tableName: string = 'memory') {}

  async update(update: ItemUpdate): Promise<UpdateOutcome> {
    await turn();
    const item = this.items.get(identity(update.key));
    if (!update.conditions.every((condition) => holds(item ?? {}, condition))) return { applied: false, item };
    return { applied: true, item: this.apply(update) };
  }

  async get(key: PrimaryKey): Promise<Item | undefined> {
    await turn();
    return this.items.get(identity(key));
  }

  async getMany(keys: readonly PrimaryKey[]): Promise<readonly (Item | undefined)[]> {
    await turn();
    return keys.map((key) => this.items.get(identity(key)));
  }

  async *query({ index, partition, prefix = '', between, order, after }: Query): AsyncIterable<Item> {
    await turn();
    const [hash, range] = index === undefined ? [PARTITION_KEY, SORT_KEY] : [index.partitionKey, index.sortKey];
    const sortKey = (item: Item): string => textOf(item[range]) ?? '';
    const [first, last] = between ?? [prefix, undefined];
    const within = (key: string): boolean => key.startsWith(prefix) && compare(first, key) <= 0 && (last === undefined || compare(key, last) <= 0);
    // Items of an index may share a sort key; those of a table never do, so their keys put all in one order.
    const place = (a: Item, b: Item): number => compare(sortKey(a), sortKey(b)) || compare(identityOf(a), identityOf(b));
    const direction = order === 'descending' ? -1 : 1;
    yield* [...this.items.values()]
      .filter((item) => textOf(item[hash]) === partition && item[range] !== undefined && within(sortKey(item)))
      .filter((item) => after === undefined || place(item, after) * direction > 0)
      .sort((a, b) => place(a, b) * direction);
  }

  async transact(writes: readonly ItemWrite[]): Promise<boolean> {
    await turn();
    const applies = writes.every((write) => {
      const item = this.items.get(identity(keyOf(write))) ?? {};
      const conditions = 'update' in write ? write.update.conditions : write.conditions ?? [];
      return conditions.every((condition) => holds(item, condition));
    });
    if (!applies) return false;
    for (const write of writes) {
      if ('update' in write) this.apply(write.update);
      else if ('put' in write) this.items.set(identity(keyOf(write)), write.put);
      else this.items.delete(identity(write.delete));
    }
    return true;
  }

  async deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    await turn();
    for (const key of keys) this.items.delete(identity(key));
  }

  async describe(): Promise<TableDescription> {
    await turn();
    const sizeBytes = [...this.items.values()].reduce((sum, item) => sum + Buffer.byteLength(JSON.stringify(item)), 0);
    return { status: 'ACTIVE', itemCount: this.items.size, sizeBytes, streamEnabled: false };
  }

  private apply({ key, changes }: ItemUpdate): Item {
    const { pk, sk } = key;
    const item: Record<string, AttributeValue> = { [PARTITION_KEY]: { S: pk }, [SORT_KEY]: { S: sk }, ...this.items.get(identity(key)) };
    for (const [name, change] of changes) {
      const value = changed(item[name], change);
      if (value === undefined) delete item[name];
      else item[name] = value;
    }
    this.items.set(identity(key), item);
    return item;
  }
}

/** A call takes a turn of the event loop, so that callers of one process interleave. */
const turn = (): Promise<void> => Promise.resolve();

function keyOf(write: ItemWrite): PrimaryKey {
  if ('update' in write) return write.update.key;
  if ('delete' in write) return write.delete;
  return { pk: textOf(write.put[PARTITION_KEY])!, sk: textOf(write.put[SORT_KEY])! };
}

function changed(value: AttributeValue | undefined, change: Change): AttributeValue | undefined {
  if ('set' in change) return change.set;
  if ('setIfAbsent' in change) return value ?? change.setIfAbsent;
  if ('add' in change) return { N: String((numberOf(value) ?? 0) + change.add) };
  if ('addToSet' in change) return { SS: [...new Set([...setOf(value), change.addToSet])] };
  if ('removeFromSet' in change) {
    const rest = setOf(value).filter((member) => member !== change.removeFromSet);
    return rest.length === 0 ? undefined : { SS: rest };
  }
  return undefined;
}

function holds(item: Item, condition: Condition): boolean {
  if ('anyOf' in condition) return condition.anyOf.some((part) => holds(item, part));
  if ('exists' in condition) return item[condition.exists] !== undefined;
  if ('absent' in condition) return item[condition.absent] === undefined;
  if ('equals' in condition) return sameValue(item[condition.equals[0]], condition.equals[1]);
  if ('differs' in condition) return !sameValue(item[condition.differs[0]], condition.differs[1]);
  if ('below' in condition) {
    const [value, bound] = [textOf(item[condition.below[0]]), textOf(condition.below[1])];
    return value !== undefined && bound !== undefined && value < bound;
  }
  const [name, bound] = 'atLeast' in condition ? condition.atLeast : condition.atMost;
  const value = numberOf(item[name]);
  return value !== undefined && ('atLeast' in condition ? value >= bound : value <= bound);
}

const sameValue = (a: AttributeValue | undefined, b: AttributeValue): boolean => JSON.stringify(a) === JSON.stringify(b);
const textOf = (value: AttributeValue | undefined): string | undefined => (value !== undefined && 'S' in value ? value.S : undefined);
const numberOf = (value: AttributeValue | undefined): number | undefined => (value !== undefined && 'N' in value ? Number(value.N) : undefined);
const setOf = (value: AttributeValue | undefined): readonly string[] => (value !== undefined && 'SS' in value ? value.SS : []);

const identity = ({ pk, sk }: PrimaryKey): string => `${pk}\0${sk}`;
const identityOf = (item: Item): string => identity({ pk: textOf(item[PARTITION_KEY])!, sk: textOf(item[SORT_KEY])! });

/** As DynamoDB orders text: by its bytes. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
