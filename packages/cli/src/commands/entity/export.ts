import { Type, type Static } from '@sinclair/typebox';
import type { BucketView, UsageSnapshot } from '@zae-limiter/client';
import { entityLimits } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { schemaName } from '../../command/info.js';
import type { Context } from '../../context.js';
import { exportOptions, writeExport } from '../../output/export-file.js';
import { nullable } from '../../output/schema.js';
import { EventSchema, eventData } from '../audit/event.js';
import { limitData, LimitSchema } from '../limits-of-scope.js';
import { entityData, EntitySchema } from './entity-view.js';
import { nothingOf } from './nothing-of.js';
import { entityArgument } from './options.js';

const BucketSchema = Type.Object({
  resource: Type.String(),
  shardCount: Type.Integer(),
  parentId: nullable(Type.String()),
  cascade: Type.Boolean(),
  blockedUntil: nullable(Type.String(), 'ISO 8601'),
  blockedReason: nullable(Type.String()),
  limits: Type.Array(Type.Object({
    name: Type.String(), tokens: Type.Number({ description: 'left now; negative while in debt' }), capacity: Type.Number(), totalConsumed: nullable(Type.Number()),
  })),
});

const UsageSchema = Type.Object({
  resource: Type.String(), window: Type.String(), windowStart: Type.String(), windowEnd: Type.String(),
  counters: Type.Record(Type.String(), Type.Number(), { description: 'tokens by limit' }), totalEvents: Type.Integer(),
});

const ExportSchema = Type.Object({
  entity: Type.String(),
  namespace: Type.String(),
  exportedAt: Type.String({ description: 'ISO 8601' }),
  record: nullable(EntitySchema, 'null for an entity without a record'),
  children: Type.Array(Type.String(), { description: 'entities that name it as their parent' }),
  limits: Type.Array(Type.Object({ resource: Type.String(), limits: Type.Array(LimitSchema) })),
  buckets: Type.Array(BucketSchema),
  usage: Type.Array(UsageSchema, { description: 'newest first, by resource' }),
  auditEvents: Type.Array(EventSchema, { description: 'newest first' }),
});

const PATH = 'entity export';

export const exportEntity = command({
  path: PATH,
  summary: 'Write everything that the table holds of an entity, as JSON',
  description: 'For requests of access: the record, limits, buckets, usage and audit events. Archived audit events and backups are not in it.',
  scope: 'namespace',
  effect: 'reads',
  arguments: { id: entityArgument },
  options: exportOptions,
  writesFile: true,
  output: ExportSchema,
  examples: ['entity export user-1 -o user-1.json'],
  async run(context, { id, ...to }) {
    const content = await everythingOf(context, id);
    await writeExport(context, to, whole(`${JSON.stringify({ schema: schemaName({ path: PATH }), ...content }, undefined, 2)}\n`));
    if (to.file !== undefined) context.say(`Exported entity '${id}' to ${to.file}`);
  },
});

async function everythingOf(context: Context, entity: string): Promise<Static<typeof ExportSchema>> {
  const { admin, id: namespaceId, name } = await context.namespace();
  const { store } = await context.table();
  const [record, children, limits, buckets, usage, events] = await Promise.all([
    admin.entities.get(entity),
    admin.entities.children(entity).toArray(),
    entityLimits(store, namespaceId, entity),
    admin.buckets.show(entity),
    admin.usage.list({ entity }).toArray(),
    admin.audit.list({ entity }).toArray(),
  ]);
  if (record === undefined && [limits, buckets, usage, events].every(({ length }) => length === 0)) throw nothingOf(entity);
  return {
    entity,
    namespace: name,
    exportedAt: new Date(context.io.clock.now()).toISOString(),
    record: record === undefined ? null : entityData(record),
    children: children.map(({ id }) => id),
    limits: limits.map(({ resource, limits: own }) => ({ resource, limits: own.map(limitData) as Static<typeof LimitSchema>[] })),
    buckets: buckets.map(bucketData),
    usage: usage.map(usageData).sort(byResourceAndTime),
    auditEvents: events.map(eventData),
  };
}

const bucketData = ({ resource, shardCount, parentId, cascade, blocked, limits }: BucketView): Static<typeof BucketSchema> => ({
  resource, shardCount, parentId: parentId ?? null, cascade,
  blockedUntil: blocked?.until.toISOString() ?? null, blockedReason: blocked?.reason ?? null,
  limits: limits.map(({ name, tokens, capacity, totalConsumed }) => ({ name, tokens, capacity, totalConsumed: totalConsumed ?? null })),
});

const usageData = ({ resource, window, windowStart, windowEnd, counters, totalEvents }: UsageSnapshot): Static<typeof UsageSchema> =>
  ({ resource, window, windowStart, windowEnd, counters: { ...counters }, totalEvents });

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

/** Newest first, by resource; of those that begin together, as an hour and its day do at midnight, the shortest first. */
function byResourceAndTime(one: Static<typeof UsageSchema>, other: Static<typeof UsageSchema>): number {
  return compare(one.resource, other.resource) || compare(other.windowStart, one.windowStart) || compare(one.windowEnd, other.windowEnd);
}

async function* whole(text: string): AsyncIterable<string> {
  yield text;
}
