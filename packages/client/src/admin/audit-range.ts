import { auditSubject, parseAuditEvent, type AuditEvent } from '../schema/audit-item.js';
import { pk, sk } from '../schema/keys.js';
import { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
import { ulid } from '../schema/ulid.js';
import type { Store } from '../store/store.js';
import type { AuditFilter } from './audit.js';
import { List, mapEntries, queryFrom } from './list.js';

/** Which changes of a trail. */
export interface AuditRange {
  /** @default from the oldest on */
  readonly since?: Date;
  /** Id of the event behind which to go on, with older ones. @default from the newest on */
  readonly after?: string;
}

/** Behind every id. */
const LAST_ID = '~';

/** Before the id of every event of this millisecond. */
export const firstId = (time: Date): string => ulid(time.getTime(), (size) => new Uint8Array(size));

/** Events of one trail within a range, newest first. Cost: 1 read for each page of up to 1 MB of the range. */
export function auditEventsIn(store: Store, namespaceId: string, filter: AuditFilter, { since, after }: AuditRange): List<AuditEvent> {
  const partition = pk.audit(namespaceId, auditSubject('system' in filter ? {} : filter));
  const query = { partition, between: [sk.audit(since === undefined ? '' : firstId(since)), sk.audit(LAST_ID)], order: 'descending' } as const;
  const behind = after === undefined ? undefined : { [PARTITION_KEY]: partition, [SORT_KEY]: sk.audit(after) };
  return new List((from) => mapEntries(queryFrom(store, query, { ...from, after: from.after ?? behind }), parseAuditEvent));
}
