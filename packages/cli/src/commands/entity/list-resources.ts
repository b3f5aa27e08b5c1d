import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';

export const listResources = command({
  path: 'entity list-resources',
  summary: 'List resources on which entities have limits of their own',
  scope: 'namespace',
  effect: 'reads',
  output: Type.Object({ resources: Type.Array(Type.String(), { description: '_default_ for limits that apply to every resource' }) }),
  async run(context) {
    const { admin } = await context.namespace();
    const resources = await admin.limits.entityResources().toArray();
    return { data: { resources }, rows: 'resources', human: () => (resources.length === 0 ? ['No resources with custom entity limits'] : resources) };
  },
});
