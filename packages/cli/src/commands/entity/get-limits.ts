import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { limitData, limitLines, LimitSchema } from '../limits-of-scope.js';
import { entityArgument, resourceOption, scopeOf } from './options.js';

export const getLimits = command({
  path: 'entity get-limits',
  summary: 'Show limits that an entity has of its own',
  scope: 'namespace',
  effect: 'reads',
  arguments: { entity: entityArgument },
  options: { resource: resourceOption },
  output: Type.Object({ entity: Type.String(), resource: Type.String(), limits: Type.Array(LimitSchema) }),
  async run(context, { entity, resource }) {
    const { admin } = await context.namespace();
    const { limits } = await admin.limits.get(scopeOf(entity, resource));
    return {
      data: { entity, resource, limits: limits.map(limitData) },
      rows: 'limits',
      human: () => (limits.length === 0
        ? [`No limits configured for entity '${entity}' (resource=${resource})`]
        : [`Limits for entity '${entity}' (resource=${resource}):`, ...limitLines(limits)]),
    };
  },
});
