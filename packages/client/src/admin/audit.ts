import { checkEntityId, checkResource } from '../core/identifiers.js';
import { auditSubject, parseAuditEvent, type AuditEvent } from '../schema/audit-item.js';
import { pk, sk } from '../schema/keys.js';
import { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import { ulid } from '../schema/ulid.js';
import type { Store } from '../store/store.js';
import { List, mapEntries, queryFrom } from './list.js';

/** Whose changes: those of an entity, of a resource's limits, or of the namespace itself. */
export type AuditFilter = { readonly entity: string } | { readonly resource: string } | { readonly system: true };

/** Which of the changes. */
export interface AuditRange {
  /** @default from the oldest on */
  readonly since?: Date;
  /** Id of the event behind which to go on, with older ones. @default from the newest on */
  readonly after?: string;
}

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
  list(filter: AuditFilter = { system: true }, range: AuditRange = {}): List<AuditEvent> {
    if ('entity' in filter) checkEntityId(filter.entity);
    if ('resource' in filter) checkResource(filter.resource);
    return auditEvents(this.store, pk.audit(this.namespaceId, auditSubject('system' in filter ? {} : filter)), range);
  }
}

/** Events of one partition, newest first. */
export function auditEvents(store: Store, partition: string, { since, after }: AuditRange = {}): List<AuditEvent> {
  const query = { partition, between: [sk.audit(since === undefined ? '' : firstId(since)), sk.audit(LAST_ID)], order: 'descending' } as const;
  const behind = after === undefined ? undefined : { [PARTITION_KEY]: partition, [SORT_KEY]: sk.audit(after) };
  return new List((from) => mapEntries(queryFrom(store, query, { ...from, after: from.after ?? behind }), parseAuditEvent));
}

/** Before the id of every event of this millisecond. */
export const firstId = (time: Date): string => ulid(time.getTime(), (size) => new Uint8Array(size));

/** Behind every id. */
const LAST_ID = '~';
