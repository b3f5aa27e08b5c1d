import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import { readText, type Item } from '../schema/attributes.js';
import { isCounted, type LimitScope } from '../schema/config-item.js';
import { pk, SK } from '../schema/keys.js';
import { GSI4, indexKeys, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import { setAllIfAbsent, type Change, type ItemUpdate, type ItemWrite } from '../schema/update.js';
import type { Store } from '../store/store.js';
import { forEachInParallel } from './shards.js';

/**
 * The registries let operators list where limits are stored; they change in the transaction of the limits (W38).
 *
 * @param counted    whether the registry counts the limits of the scope as they are
 * @param registered whether the scope holds limits afterwards
 * @returns undefined when the registry stays as it is
 */
export function registryUpdate(ns: string, { entity, resource }: LimitScope, counted: boolean, registered: boolean): ItemUpdate | undefined {
  const partition = pk.system(ns);
  const index = setAllIfAbsent(indexKeys(GSI4, ns, partition));
  if (entity !== undefined) {
    if (counted === registered) return undefined;
    const count: [string, Change] = [resource ?? DEFAULT_RESOURCE, { add: registered ? 1 : -1 }];
    return { key: { pk: partition, sk: SK.entityConfigResources }, conditions: [], changes: new Map([count, ...index]) };
  }
  if (resource === undefined) return undefined;
  const member: [string, Change] = ['resources', registered ? { addToSet: resource } : { removeFromSet: resource }];
  return { key: { pk: partition, sk: SK.resources }, conditions: [], changes: new Map([member, ...(registered ? index : [])]) };
}

/**
 * Removes the counters of resources from the registry on which no entity has limits any more.
 *
 * Readers take only counters above 0, so it is no harm when this does not happen.
 */
export async function forgetUncounted(store: Store, namespaceId: string, resources: readonly string[]): Promise<void> {
  const key = { pk: pk.system(namespaceId), sk: SK.entityConfigResources };
  await forEachInParallel(resources, (resource) =>
    store.update({ key, changes: new Map([[resource, { remove: true }]]), conditions: [{ atMost: [resource, 0] }] }));
}

/**
 * Writes that remove limits of an entity, with their counters. At most one write each and one for all counters.
 *
 * @param items config items, as they were read
 */
export function removeConfigs(namespaceId: string, items: readonly Item[]): { readonly writes: ItemWrite[]; readonly resources: string[] } {
  const resources = items.filter(isCounted).map((item) => readText(item, SORT_KEY)!.slice(`${SK.config}#`.length));
  const deletions = items.map((item): ItemWrite => ({
    delete: { pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! }, conditions: [{ exists: PARTITION_KEY }],
  }));
  const counters = new Map(resources.map((resource): [string, Change] => [resource, { add: -1 }]));
  const registry: ItemWrite = { update: { key: { pk: pk.system(namespaceId), sk: SK.entityConfigResources }, changes: counters, conditions: [] } };
  return { resources, writes: counters.size === 0 ? deletions : [...deletions, registry] };
}
