import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { changeLines, limitData, limitOption, LimitSchema, mergeOption, storeLimits } from '../limits-of-scope.js';

export const setDefaults = command({
  path: 'resource set-defaults',
  summary: 'Store the limits of a resource, for every entity without limits of its own',
  scope: 'namespace',
  effect: 'writes',
  arguments: { resource: argument('resource', 'resource, such as a model or an API') },
  options: { limits: limitOption, merge: mergeOption },
  output: Type.Object({ resource: Type.String(), before: Type.Array(LimitSchema), after: Type.Array(LimitSchema) }),
  examples: ['resource set-defaults gpt-4 -l rpm:50 -l tpm:100000'],
  async run(context, { resource, limits, merge }) {
    const { admin } = await context.namespace();
    const { before, after } = await storeLimits(admin.limits, { resource }, limits, { merge });
    return {
      data: { resource, before: before.limits.map(limitData), after: after.limits.map(limitData) },
      human: ({ arrow }) => [`Set ${limits.length} default(s) for resource '${resource}':`, ...changeLines(before.limits, after.limits, arrow)],
    };
  },
});
