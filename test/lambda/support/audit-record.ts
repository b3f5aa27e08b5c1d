import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { pk, sk } from '@zae-limiter/client/schema/keys';
import { AT, sequenceNumber, STREAM_ARN } from './bucket-record';

/** The deletion of one audit event, as far as the archive looks at it. */
export interface AuditRecordOptions {
  readonly namespaceId?: string;
  readonly entity?: string;
  /** Event id. */
  readonly id?: string;
  /** Position in the stream. */
  readonly sequence?: number;
  /** Attributes that differ from a whole event's; undefined takes one away. */
  readonly attributes?: Readonly<Record<string, AttributeValue | undefined>>;
  /** Who deleted it. @default DynamoDB, because it expired */
  readonly deletedBy?: 'ttl' | 'request';
}

/** How Lambda says that DynamoDB deleted an item because it expired. */
export const BY_TTL = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

/** The record that Lambda delivers for the deletion of an audit event. */
export function auditRecord({
  namespaceId = 'ns1', entity = 'user-1', id = 'A', sequence = 1, attributes = {}, deletedBy = 'ttl',
}: AuditRecordOptions = {}): DynamoDBRecord {
  const Keys = { PK: { S: pk.audit(namespaceId, entity) }, SK: { S: sk.audit(id) } };
  const image: Record<string, AttributeValue | undefined> = {
    ...Keys,
    event_id: { S: id }, entity_id: { S: entity }, timestamp: { S: '2024-01-15T10:30:00Z' }, action: { S: 'limits_set' },
    principal: { S: 'admin' }, resource: { S: 'gpt-4' }, details: { M: {} },
    ...attributes,
  };
  return {
    eventName: 'REMOVE',
    eventSourceARN: STREAM_ARN,
    dynamodb: {
      Keys,
      OldImage: Object.fromEntries(Object.entries(image).filter(([, value]) => value !== undefined)) as Record<string, AttributeValue>,
      SequenceNumber: sequenceNumber(sequence),
      ApproximateCreationDateTime: AT,
    },
    ...(deletedBy === 'ttl' && { userIdentity: BY_TTL }),
  };
}
