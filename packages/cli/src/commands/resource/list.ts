import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';

export const listResources = command({
  path: 'resource list',
  summary: 'List resources that have limits',
  scope: 'namespace',
  effect: 'reads',
  output: Type.Object({ resources: Type.Array(Type.String()) }),
  async run(context) {
    const { admin } = await context.namespace();
    const resources = await admin.limits.resources().toArray();
    return {
      data: { resources },
      rows: 'resources',
      human: () => (resources.length === 0 ? ['No resources with configured defaults'] : ['Resources with configured defaults:', ...resources.map((name) => `  ${name}`)]),
    };
  },
});
