import { Type } from '@sinclair/typebox';
import type { BucketView } from '@zae-limiter/client';
import { DEFAULT_RESOURCE, entityLimits } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { optional, required } from '../../command/option.js';
import { duration } from '../../command/parsers.js';
import type { Context } from '../../context.js';
import { notFound } from '../../errors.js';
import { entityArgument } from './options.js';

export const block = command({
  path: 'entity block',
  summary: 'Let an entity take nothing for a time',
  description: 'Without --resource: on every resource that has limits, also those of the entity alone, or on which it has a bucket; not on one that appears later. '
    + 'Every client obeys, with its next request or a quarter of a second later. A later block lengthens an earlier one; `entity unblock` ends it.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: entityArgument },
  options: {
    forMs: required('--for <duration>', 'how long, such as 30m, 1h or 7d', { parse: duration }),
    resource: optional('-r, --resource <resource>', 'only on this resource'),
    reason: optional('--reason <text>', 'for people; shown with the bucket and in the audit trail'),
  },
  output: Type.Object({
    entity: Type.String(),
    blocked: Type.Array(Type.Object({ resource: Type.String(), until: Type.String({ description: 'ISO 8601' }) })),
  }),
  examples: ['entity block key-bob --for 1h --reason "credential stuffing"'],
  async run(context, { entity, forMs, resource, reason }) {
    const { admin } = await context.namespace();
    const resources = resource === undefined ? await resourcesFor(context, entity) : [resource];
    for (const each of resources) await admin.buckets.block(entity, each, { forMs, reason });
    const views = await Promise.all(resources.map((each) => admin.buckets.show(entity, each)));
    const blocked = views.flat().flatMap(asBlocked);
    return {
      data: { entity, blocked },
      human: () => [`Blocked entity '${entity}' on ${blocked.length} resource(s):`, ...blocked.map(({ resource: name, until }) => `  ${name} until ${until}`)],
    };
  },
});

/** An earlier block may end later than the one that was asked for. */
const asBlocked = ({ resource, blocked }: BucketView): { resource: string; until: string }[] =>
  (blocked === undefined ? [] : [{ resource, until: blocked.until.toISOString() }]);

/** Resources that the entity uses, or could. */
async function resourcesFor(context: Context, entity: string): Promise<string[]> {
  const { admin, id } = await context.namespace();
  const { store } = await context.table();
  const [buckets, own, configured] = await Promise.all([
    admin.buckets.show(entity), entityLimits(store, id, entity), admin.limits.resources().toArray(),
  ]);
  const named = [...buckets, ...own].map(({ resource }) => resource).filter((resource) => resource !== DEFAULT_RESOURCE);
  const resources = [...new Set([...named, ...configured])].sort();
  if (resources.length > 0) return resources;
  throw notFound(`entity '${entity}' has no bucket, and no resource has limits`, `zae-limiter entity block ${entity} --resource NAME --for 1h   blocks it on a resource`);
}
