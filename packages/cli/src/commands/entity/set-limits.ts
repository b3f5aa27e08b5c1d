import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { changeLines, limitData, limitOption, LimitSchema, mergeOption, storeLimits } from '../limits-of-scope.js';
import { entityArgument, resourceOption, scopeOf } from './options.js';

export const setLimits = command({
  path: 'entity set-limits',
  summary: 'Store limits of an entity, instead of those of its resources and of the system',
  description: 'The entity needs no record. Its live bucket follows: at once on the resource that is named, else with the next request.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: entityArgument },
  options: { resource: resourceOption, limits: limitOption, merge: mergeOption },
  output: Type.Object({ entity: Type.String(), resource: Type.String(), before: Type.Array(LimitSchema), after: Type.Array(LimitSchema) }),
  examples: ['entity set-limits user-premium --resource gpt-4 -l rpm:500 -l tpm:500000'],
  async run(context, { entity, resource, limits, merge }) {
    const { admin } = await context.namespace();
    const { before, after } = await storeLimits(admin.limits, scopeOf(entity, resource), limits, { merge });
    return {
      data: { entity, resource, before: before.limits.map(limitData), after: after.limits.map(limitData) },
      human: ({ arrow }) => [
        `Set ${limits.length} limit(s) for entity '${entity}' (resource=${resource}):`, ...changeLines(before.limits, after.limits, arrow),
      ],
    };
  },
});
