import { fromAttribute, int, readText, text, toAttribute, type Item, type Plain } from './attributes.js';
import type { LimitScope } from './config-item.js';
import { pk, sk } from './keys.js';
import { GSI4, indexKeys, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from './table.js';

/** What an operator did. The first four are those of the Python library. */
export type AuditAction =
  | 'entity_created' | 'entity_deleted' | 'limits_set' | 'limits_deleted'
  | 'entity_updated'
  | 'bucket_reset' | 'bucket_blocked' | 'bucket_unblocked' | 'bucket_shards_reset'
  | 'namespace_created' | 'namespace_deleted' | 'namespace_recovered' | 'namespace_purged';

/** One change that an operator made. */
export interface AuditEvent {
  /** ULID: events sort by their ids, but for those of the same millisecond. */
  readonly id: string;
  /** ISO 8601, seconds, UTC. */
  readonly timestamp: string;
  /** An `AuditAction`, or what another client wrote. */
  readonly action: string;
  /** Entity, `$RESOURCE:{resource}` or `$SYSTEM`. */
  readonly entity: string;
  /** Who made the change; undefined when nobody said it. */
  readonly principal: string | undefined;
  readonly resource: string | undefined;
  readonly details: Readonly<Record<string, Plain>>;
}

export const AUDIT = {
  id: 'event_id',
  timestamp: 'timestamp',
  action: 'action',
  entity: 'entity_id',
  principal: 'principal',
  resource: 'resource',
  details: 'details',
} as const;

/** Days that an event is kept when the namespace does not say it. */
export const AUDIT_RETENTION_DAYS = 90;

const DAY_SECONDS = 86_400;

/** Whom events of a scope are about. No entity id and no resource starts with `$`. */
export function auditSubject({ entity, resource }: LimitScope): string {
  if (entity !== undefined) return entity;
  return resource === undefined ? '$SYSTEM' : `$RESOURCE:${resource}`;
}

/** An event as it is stored. */
export function auditItem(ns: string, event: AuditEvent, nowMs: number, retentionDays: number): Item {
  const partition = pk.audit(ns, event.entity);
  return {
    [PARTITION_KEY]: text(partition),
    [SORT_KEY]: text(sk.audit(event.id)),
    [AUDIT.id]: text(event.id),
    [AUDIT.timestamp]: text(event.timestamp),
    [AUDIT.action]: text(event.action),
    [AUDIT.entity]: text(event.entity),
    [AUDIT.principal]: toAttribute(event.principal ?? null),
    [AUDIT.resource]: toAttribute(event.resource ?? null),
    [AUDIT.details]: toAttribute(event.details),
    [TTL_ATTRIBUTE]: int(Math.floor(nowMs / 1000) + retentionDays * DAY_SECONDS),
    ...indexKeys(GSI4, ns, partition),
  };
}

/** Reads an event; undefined for an item that is none because it has no action. */
export function parseAuditEvent(item: Item): AuditEvent | undefined {
  const action = readText(item, AUDIT.action);
  if (action === undefined) return undefined;
  const details = item[AUDIT.details];
  return {
    id: readText(item, AUDIT.id) ?? '',
    timestamp: readText(item, AUDIT.timestamp) ?? '',
    action,
    entity: readText(item, AUDIT.entity) ?? '',
    principal: readText(item, AUDIT.principal),
    resource: readText(item, AUDIT.resource),
    details: details !== undefined && 'M' in details ? (fromAttribute(details) as Record<string, Plain>) : {},
  };
}
