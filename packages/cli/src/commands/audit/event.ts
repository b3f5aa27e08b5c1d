import { Type, type Static } from '@sinclair/typebox';
import type { AuditEvent } from '@zae-limiter/client';
import { nullable } from '../../output/schema.js';

/** An audit event, as `--output json` and exports show it. */
export const EventSchema = Type.Object({
  id: Type.String({ description: 'ULID; sorts by time' }),
  timestamp: Type.String({ description: 'ISO 8601' }),
  action: Type.String(),
  entity: Type.String({ description: 'what was changed: an entity, $RESOURCE:name or $SYSTEM' }),
  principal: nullable(Type.String(), 'who made the change; null when nobody said it'),
  resource: nullable(Type.String()),
  details: Type.Record(Type.String(), Type.Unknown()),
});

export const eventData = ({ id, timestamp, action, entity, principal, resource, details }: AuditEvent): Static<typeof EventSchema> =>
  ({ id, timestamp, action, entity, principal: principal ?? null, resource: resource ?? null, details });
