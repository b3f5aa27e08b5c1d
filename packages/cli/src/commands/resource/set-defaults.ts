import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument, flag } from '../../command/option.js';
import { changeLines, limitData, limitOption, LimitSchema } from '../limits-of-scope.js';

export const setDefaults = command({
  path: 'resource set-defaults',
  summary: 'Store the limits of a resource, for every entity without limits of its own',
  scope: 'namespace',
  effect: 'writes',
  arguments: { resource: argument('resource', 'resource, such as a model or an API') },
  options: { limits: limitOption, merge: flag('--merge', 'keep other limits that the resource has') },
  output: Type.Object({ resource: Type.String(), before: Type.Array(LimitSchema), after: Type.Array(LimitSchema) }),
  examples: ['resource set-defaults gpt-4 -l rpm:50 -l tpm:100000'],
  async run(context, { resource, limits, merge }) {
    const { admin } = await context.namespace();
    const before = (await admin.limits.get({ resource })).limits;
    await (merge ? admin.limits.merge(limits, { resource }) : admin.limits.set(limits, { resource }));
    const after = (await admin.limits.get({ resource })).limits;
    return {
      data: { resource, before: before.map(limitData), after: after.map(limitData) },
      human: ({ arrow }) => [`Set ${limits.length} default(s) for resource '${resource}':`, ...changeLines(before, after, arrow)],
    };
  },
});
