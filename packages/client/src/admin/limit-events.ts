import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import type { Target } from '../manifest/managed.js';
import { readText } from '../schema/attributes.js';
import { auditSubject, parseAuditEvent, type AuditAction, type AuditEvent } from '../schema/audit-item.js';
import { pk } from '../schema/keys.js';
import { GSI4, PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';

/** A change of stored limits. */
export interface LimitEvent {
  readonly event: AuditEvent;
  /** Undefined when an entity was deleted, and all its limits with it. */
  readonly target: Target | undefined;
}

/** Events that are read in one call. */
const BATCH = 100;

/**
 * Every change of limits in a namespace, newest first, as long as events are kept. What was just written may be missing: an index lists it.
 *
 * Cost: 1 read for each page of up to 1 MB of the keys of all audit events, and 1 for each 100 events that are looked at.
 */
export async function* limitEvents(store: Store, namespaceId: string): AsyncIterable<LimitEvent> {
  const keys: { readonly pk: string; readonly sk: string }[] = [];
  for await (const item of store.query({ index: GSI4, partition: namespaceId, prefix: pk.audit(namespaceId, '') })) {
    keys.push({ pk: readText(item, PARTITION_KEY)!, sk: readText(item, SORT_KEY)! });
  }
  keys.sort((a, b) => (a.sk < b.sk ? 1 : -1));
  for (let start = 0; start < keys.length; start += BATCH) {
    for (const item of await store.getMany(keys.slice(start, start + BATCH))) {
      const event = item && parseAuditEvent(item);
      if (event !== undefined && ACTIONS.has(event.action)) yield { event, target: targetOfEvent(event) };
    }
  }
}

/** Actions that change limits. */
const ACTIONS: ReadonlySet<string> = new Set<AuditAction>(['limits_set', 'limits_deleted', 'entity_deleted']);

function targetOfEvent({ action, entity, resource }: AuditEvent): Target | undefined {
  if (action === 'entity_deleted') return undefined;
  if (entity === auditSubject({})) return { level: 'system' };
  const ofResource = auditSubject({ resource: '' });
  if (entity.startsWith(ofResource)) return { level: 'resource', resource: entity.slice(ofResource.length) };
  return { level: 'entity', entity, resource: resource ?? DEFAULT_RESOURCE };
}
