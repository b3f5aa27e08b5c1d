import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { readText, type Item, type Plain } from '@zae-limiter/client/schema/attributes';
import { AUDIT } from '@zae-limiter/client/schema/audit-item';
import { parseAuditKey, type AuditKey } from '@zae-limiter/client/schema/keys';
import { PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/schema/table';

/** Which deleted audit events are archived: those that expired, or those that somebody deleted as well. */
export type ArchiveScope = 'ttl' | 'all';

/** An audit event that left the table. */
export interface DeletedEvent {
  readonly id: string;
  /** When it happened, epoch milliseconds; when it was deleted, if it does not say when it happened. */
  readonly at: number;
  /** The time as the event gives it. */
  readonly timestamp: string;
  /** One JSON object, without a line break. */
  readonly line: string;
  /** Position of the deletion in the stream. */
  readonly sequence: string;
}

/**
 * Reads a stream record; undefined when it is not the deletion of an audit event of the scope.
 *
 * Nothing is refused: what is damaged is archived with what it has. Only the key makes a record an audit event, so even one
 * without an image keeps its id, its entity and its namespace. A time that cannot be read is the time of the deletion.
 */
export function readDeletedEvent(record: DynamoDBRecord, scope: ArchiveScope): DeletedEvent | undefined {
  const { Keys = {}, OldImage = {}, SequenceNumber = WHOLE_BATCH, ApproximateCreationDateTime = 0 } = record.dynamodb ?? {};
  const expired = isExpiry(record);
  if (record.eventName !== 'REMOVE' || (scope === 'ttl' && !expired)) return undefined;
  const key = parseAuditKey({ pk: readText(Keys as Item, PARTITION_KEY) ?? '', sk: readText(Keys as Item, SORT_KEY) ?? '' });
  if (key === undefined) return undefined;

  const deletedAt = Math.floor(ApproximateCreationDateTime) * 1000;
  const timestamp = readText(OldImage as Item, AUDIT.timestamp);
  return {
    id: readText(OldImage as Item, AUDIT.id) ?? key.eventId,
    at: parseTimestamp(timestamp) ?? deletedAt,
    timestamp: timestamp ?? new Date(deletedAt).toISOString().replace('.000Z', 'Z'),
    line: JSON.stringify(toLine(OldImage, key, expired ? 'ttl' : 'request')),
    sequence: SequenceNumber,
  };
}

/** Reported as a failure, it makes Lambda deliver the whole batch again: no record without a number may get lost. */
const WHOLE_BATCH = '';

function isExpiry({ userIdentity }: DynamoDBRecord): boolean {
  const { type, principalId } = (userIdentity ?? {}) as { readonly type?: unknown; readonly principalId?: unknown };
  return type === 'Service' && principalId === 'dynamodb.amazonaws.com';
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds; undefined when it is not a time with its zone. */
function parseTimestamp(timestamp: string | undefined): number | undefined {
  const at = timestamp !== undefined && TIMESTAMP.test(timestamp) ? Date.parse(timestamp) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

type Image = Readonly<Record<string, AttributeValue>>;

/** The order of the keys is a contract. Attributes that the item lacks are left out, but for those that its key holds too. */
function toLine(image: Image, key: AuditKey, deletedBy: 'ttl' | 'request'): Record<string, Plain | undefined> {
  const read = (name: string): Plain | undefined => image[name] && decode(image[name]);
  return {
    [AUDIT.id]: read(AUDIT.id) ?? key.eventId,
    [AUDIT.entity]: read(AUDIT.entity) ?? key.entity,
    [AUDIT.action]: read(AUDIT.action),
    [AUDIT.timestamp]: read(AUDIT.timestamp),
    [AUDIT.principal]: read(AUDIT.principal),
    [AUDIT.resource]: read(AUDIT.resource),
    [AUDIT.details]: toObject(read(AUDIT.details)),
    namespace_id: key.namespaceId,
    deleted_by: deletedBy,
  };
}

/** Details are always an object, so that readers need one type only; anything else is kept inside of one. */
function toObject(details: Plain | undefined): Plain {
  if (details === undefined || details === null) return {};
  return typeof details === 'object' && !Array.isArray(details) ? details : { value: details };
}

/**
 * An attribute as JSON has it. Everything that has no order is sorted, so that the same event is the same text.
 *
 * Unlike the client, which reads items that it understands, this keeps every digit: see `decodeNumber`.
 */
function decode(value: AttributeValue): Plain {
  if (value.M !== undefined) return Object.fromEntries(Object.keys(value.M).sort().map((key) => [key, decode(value.M![key]!)]));
  if (value.L !== undefined) return value.L.map(decode);
  if (value.N !== undefined) return decodeNumber(value.N);
  if (value.NS !== undefined) return [...value.NS].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1)).map(decodeNumber);
  const set = value.SS ?? value.BS; // binary is Base64 text already
  return set !== undefined ? [...set].sort() : value.S ?? value.BOOL ?? value.B ?? null;
}

/** An integer that a JSON reader would round is text. */
function decodeNumber(digits: string): number | string {
  const value = Number(digits);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? digits : value;
}
