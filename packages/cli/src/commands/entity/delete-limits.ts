import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { limitData, LimitSchema } from '../limits-of-scope.js';
import { entityArgument, resourceOption, scopeOf } from './options.js';

export const deleteLimits = command({
  path: 'entity delete-limits',
  summary: 'Remove limits that an entity has of its own, so that those of the next lower level apply',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: entityArgument },
  options: { resource: resourceOption },
  output: Type.Object({ entity: Type.String(), resource: Type.String(), removed: Type.Array(LimitSchema) }),
  async run(context, { entity, resource }) {
    const { admin } = await context.namespace();
    const scope = scopeOf(entity, resource);
    const { limits } = await admin.limits.get(scope);
    const name = `entity '${entity}' (resource=${resource})`;
    if (limits.length > 0) {
      await context.confirm(`Are you sure you want to delete the limits of ${name}?`);
      await admin.limits.delete(scope);
    }
    return {
      data: { entity, resource, removed: limits.map(limitData) },
      human: () => [limits.length === 0 ? `No limits configured for ${name}` : `Deleted limits for ${name}`],
    };
  },
});
