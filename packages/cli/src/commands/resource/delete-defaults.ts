import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { limitData, LimitSchema } from '../limits-of-scope.js';

export const deleteDefaults = command({
  path: 'resource delete-defaults',
  summary: 'Remove the limits of a resource, so that those of the system apply',
  scope: 'namespace',
  effect: 'writes',
  arguments: { resource: argument('resource', 'resource') },
  output: Type.Object({ resource: Type.String(), removed: Type.Array(LimitSchema) }),
  async run(context, { resource }) {
    const { admin } = await context.namespace();
    const { limits } = await admin.limits.get({ resource });
    if (limits.length > 0) {
      await context.confirm(`Are you sure you want to delete the defaults of resource '${resource}'?`);
      await admin.limits.delete({ resource });
    }
    return {
      data: { resource, removed: limits.map(limitData) },
      human: () => [limits.length === 0 ? `No defaults configured for resource '${resource}'` : `Deleted defaults for resource '${resource}'`],
    };
  },
});
