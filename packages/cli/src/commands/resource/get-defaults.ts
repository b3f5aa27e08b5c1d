import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { limitData, limitLines, LimitSchema } from '../limits-of-scope.js';

export const getDefaults = command({
  path: 'resource get-defaults',
  summary: 'Show the limits of a resource',
  scope: 'namespace',
  effect: 'reads',
  arguments: { resource: argument('resource', 'resource') },
  output: Type.Object({ resource: Type.String(), limits: Type.Array(LimitSchema) }),
  async run(context, { resource }) {
    const { admin } = await context.namespace();
    const { limits } = await admin.limits.get({ resource });
    return {
      data: { resource, limits: limits.map(limitData) },
      rows: 'limits',
      human: () => (limits.length === 0
        ? [`No defaults configured for resource '${resource}'`]
        : [`Defaults for resource '${resource}':`, ...limitLines(limits)]),
    };
  },
});
