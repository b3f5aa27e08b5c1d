import { readText, type Item } from '../schema/attributes.js';
import { pk, SK, type PrimaryKey } from '../schema/keys.js';
import { GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';
import { contended } from './contended.js';
import { inGroups } from './list.js';

export interface PurgeProgress {
  /** Items that this call has removed so far. */
  readonly removed: number;
}

/** Items that are removed between two looks at the namespace's state. */
const BATCH = 100;
/** Times that the namespace is looked through, because something may be written to it meanwhile. */
const PASSES = 5;

/**
 * Removes every item of a namespace, in an order that a crash cannot harm: whatever leads to other items goes after them.
 *
 * An index lists all items but those that a provisioner of the Python library wrote (W38). Those lie in partitions of
 * entities and resources that other items name, so each partition that is named is read, too.
 *
 * @param beforeBatch called before each batch is removed; throw to stop
 * @returns how many items were removed
 */
export async function purgeItems(store: Store, namespaceId: string, beforeBatch: (progress: PurgeProgress) => Promise<void>): Promise<number> {
  const system = pk.system(namespaceId);
  let removed = 0;

  async function remove(keys: readonly PrimaryKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += BATCH) {
      const batch = keys.slice(start, start + BATCH);
      await beforeBatch({ removed });
      await store.deleteMany(batch);
      removed += batch.length;
    }
  }

  /** Items that the index does not show go first: the others lead back to this partition. */
  async function sweep(partition: string): Promise<void> {
    const [hidden, visible]: [PrimaryKey[], PrimaryKey[]] = [[], []];
    for await (const item of store.query({ partition, consistent: true })) (item[GSI4.sortKey] === undefined ? hidden : visible).push(keyOf(item));
    await remove([...hidden, ...visible]);
  }

  const named: string[] = [];
  for await (const item of store.query({ partition: system, consistent: true })) named.push(...partitionsNamedBy(namespaceId, item));
  for (const partition of new Set(named)) await sweep(partition);

  for (let pass = 0; pass < PASSES; pass++) {
    const swept = new Set<string>([system]);
    let found = 0;
    for await (const group of inGroups(store.query({ index: GSI4, partition: namespaceId }), BATCH)) {
      // The index is a moment late: what the first pass removed may still show in the next.
      const items = pass === 0 ? group : (await store.getMany(group.map(keyOf), { consistent: true })).filter((item) => item !== undefined);
      const keys = items.map(keyOf).filter(({ pk: partition }) => partition !== system);
      found += keys.length;
      for (const partition of new Set(keys.flatMap((key) => partitionsBehind(namespaceId, key)))) {
        if (!swept.has(partition)) await sweep(partition);
        swept.add(partition);
      }
      await remove(keys.filter(({ pk: partition }) => !swept.has(partition)));
    }
    if (found > 0) continue;
    await sweep(system);
    return removed;
  }
  throw contended(`namespace '${namespaceId}'`);
}

const keyOf = (item: Item): PrimaryKey => ({ pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! });

/** Partitions of which a registry or the provisioner's record says that they hold limits. */
function partitionsNamedBy(ns: string, item: Item): string[] {
  const resources = (names: readonly string[]): string[] => names.map((name) => pk.resource(ns, name));
  switch (readText(item, SORT_KEY)) {
    case SK.resources: return resources(textsOf(item.resources));
    case SK.entityConfigResources: return resources(Object.entries(item).filter(([, value]) => 'N' in value).map(([name]) => name));
    case SK.provisioner: return [...resources(textsOf(item.managed_resources)), ...namesOf(item.managed_entities).map((name) => pk.entity(ns, name))];
    default: return [];
  }
}

const textsOf = (value: Item[string] | undefined): readonly string[] => {
  if (value === undefined) return [];
  if ('SS' in value) return value.SS;
  return 'L' in value ? value.L.flatMap((entry) => ('S' in entry ? [entry.S] : [])) : [];
};

const namesOf = (value: Item[string] | undefined): string[] => (value !== undefined && 'M' in value ? Object.keys(value.M) : []);

const OWNER = /^(ENTITY|RESOURCE|BUCKET|AUDIT)#(\$RESOURCE:)?([^#]*)(?:#([^#]*))?/;

/** Partitions that may hold items which the index does not show, and that are known from the key of one that it shows. */
function partitionsBehind(ns: string, { pk: partition }: PrimaryKey): string[] {
  const [, kind, isResource, name, resource] = OWNER.exec(partition.slice(ns.length + 1)) ?? [];
  if (name === undefined || name.startsWith('$')) return [];
  const own = kind === 'RESOURCE' || isResource !== undefined ? pk.resource(ns, name) : pk.entity(ns, name);
  return resource === undefined ? [own] : [own, pk.resource(ns, resource)];
}
