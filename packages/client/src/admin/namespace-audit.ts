import { readText } from '../schema/attributes.js';
import { parseAuditEvent, type AuditEvent } from '../schema/audit-item.js';
import { pk, sk, type PrimaryKey } from '../schema/keys.js';
import { GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';
import { firstId, type AuditRange } from './audit-range.js';

const BATCH = 100;

/**
 * Changes of everything in a namespace, newest first: of its entities, its resources and itself.
 *
 * The index has them by what they are about, so the keys of all are read and put into order before the first comes.
 *
 * Cost: 1 read for each page of up to 1 MB of keys, of an index that is a moment late, and 1 for each 100 events.
 */
export async function* namespaceAuditEvents(store: Store, namespaceId: string, { since, after }: AuditRange = {}): AsyncIterable<AuditEvent> {
  const oldest = sk.audit(since === undefined ? '' : firstId(since));
  const before = after === undefined ? undefined : sk.audit(after);
  const keys: PrimaryKey[] = [];
  for await (const item of store.query({ index: GSI4, partition: namespaceId, prefix: pk.audit(namespaceId, '') })) {
    const key = { pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! };
    if (key.sk >= oldest && (before === undefined || key.sk < before)) keys.push(key);
  }
  keys.sort((a, b) => (a.sk < b.sk ? 1 : -1));
  for (let start = 0; start < keys.length; start += BATCH) {
    for (const item of await store.getMany(keys.slice(start, start + BATCH))) {
      const event = item && parseAuditEvent(item);
      if (event !== undefined) yield event;
    }
  }
}
