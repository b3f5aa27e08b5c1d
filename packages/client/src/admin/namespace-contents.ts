import { readText } from '../schema/attributes.js';
import { SK, SK_PREFIX } from '../schema/keys.js';
import { GSI4, SORT_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';

const KINDS = [
  ['entities', SK.entity], ['limits', SK.config], ['buckets', SK.bucket], ['usage', SK_PREFIX.usage], ['auditEvents', SK_PREFIX.audit],
] as const;

/** Items of a namespace; of limits, one for each scope that has some; of buckets, one for each shard. */
export type ItemCounts = Readonly<Record<typeof KINDS[number][0] | 'others' | 'total', number>>;

/**
 * How many items a namespace has. Items that a provisioner of the Python library wrote are not counted: no index lists
 * them (W38).
 *
 * Cost: 1 read for each page of up to 1 MB of keys, of an index that is a moment late.
 */
export async function countItems(store: Store, namespaceId: string): Promise<ItemCounts> {
  const counts: Record<keyof ItemCounts, number> = { entities: 0, limits: 0, buckets: 0, usage: 0, auditEvents: 0, others: 0, total: 0 };
  for await (const item of store.query({ index: GSI4, partition: namespaceId })) {
    const sortKey = readText(item, SORT_KEY)!;
    const [kind] = KINDS.find(([, prefix]) => sortKey.startsWith(prefix)) ?? ['others' as const];
    counts[kind] += 1;
    counts.total += 1;
  }
  return counts;
}
