import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { table } from '../../output/result.js';
import { namespaceData, NamespaceSchema, openRegistry } from './registry.js';

export const listNamespaces = command({
  path: 'namespace list',
  summary: 'List the namespaces that are registered',
  scope: 'table',
  effect: 'reads',
  output: Type.Object({ namespaces: Type.Array(NamespaceSchema) }),
  async run(context) {
    const { namespaces } = await openRegistry(context);
    const all = await namespaces.list().toArray();
    return {
      data: { namespaces: all.map(namespaceData) },
      rows: 'namespaces',
      human: () => (all.length === 0
        ? ['No namespaces registered', '  zae-limiter namespace register NAME   creates one']
        : [table(['Name', 'Namespace ID', 'Created At'], all.map(({ name, id, createdAt = '' }) => [name, id, createdAt]))]),
    };
  },
});
