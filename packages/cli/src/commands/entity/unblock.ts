import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { optional } from '../../command/option.js';
import { entityArgument } from './options.js';

export const unblock = command({
  path: 'entity unblock',
  summary: 'End the block of an entity',
  description: 'Its buckets are empty then, and refill; `bucket reset` fills them.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: entityArgument },
  options: { resource: optional('-r, --resource <resource>', 'only on this resource') },
  output: Type.Object({ entity: Type.String(), unblocked: Type.Array(Type.String(), { description: 'resources on which it was blocked' }) }),
  async run(context, { entity, resource }) {
    const { admin } = await context.namespace();
    const unblocked: string[] = [];
    for (const bucket of await admin.buckets.show(entity, resource)) {
      if (await admin.buckets.unblock(entity, bucket.resource)) unblocked.push(bucket.resource);
    }
    return {
      data: { entity, unblocked },
      human: () => (unblocked.length === 0
        ? [`Entity '${entity}' is not blocked${resource === undefined ? '' : ` on resource '${resource}'`}`]
        : [`Unblocked entity '${entity}' on ${unblocked.length} resource(s):`, ...unblocked.map((name) => `  ${name}`)]),
    };
  },
});
