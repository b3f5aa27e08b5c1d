import { checkEntityId, checkResource } from '../core/identifiers.js';
import { auditSubject, parseAuditEvent, type AuditEvent } from '../schema/audit-item.js';
import { pk, SK_PREFIX } from '../schema/keys.js';
import type { Store } from '../store/store.js';
import { List, mapEntries, queryFrom } from './list.js';

/** Whose changes: those of an entity, of a resource's limits, or of the namespace itself. */
export type AuditFilter = { readonly entity: string } | { readonly resource: string } | { readonly system: true };

/** Reads who changed what. */
export class AuditAdmin {
  constructor(private readonly store: Store, private readonly namespaceId: string) {}

  /**
   * Changes, newest first, as long as they are kept (90 days unless the deployment says otherwise).
   *
   * Cost: 1 read for each page of up to 1 MB.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  list(filter: AuditFilter = { system: true }): List<AuditEvent> {
    if ('entity' in filter) checkEntityId(filter.entity);
    if ('resource' in filter) checkResource(filter.resource);
    return auditEvents(this.store, pk.audit(this.namespaceId, auditSubject('system' in filter ? {} : filter)));
  }
}

/** Events of one partition, newest first. */
export function auditEvents(store: Store, partition: string): List<AuditEvent> {
  return new List((from) => mapEntries(queryFrom(store, { partition, prefix: SK_PREFIX.audit, order: 'descending' }, from), parseAuditEvent));
}
