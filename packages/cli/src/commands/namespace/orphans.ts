import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { table } from '../../output/result.js';
import { namespaceData, NamespaceSchema, openRegistry } from './registry.js';

export const orphans = command({
  path: 'namespace orphans',
  summary: 'List namespaces that nobody can open and whose items are still there',
  description: 'Deleted ones, half purged ones (purging), and those that an older client left half deleted (active; `namespace recover` makes them whole).',
  scope: 'table',
  effect: 'reads',
  output: Type.Object({ namespaces: Type.Array(NamespaceSchema) }),
  async run(context) {
    const { namespaces } = await openRegistry(context);
    const all = await namespaces.orphans().toArray();
    const rows = all.map(({ id, name, deletedAt = '', status }) => [id, name, deletedAt, status]);
    return {
      data: { namespaces: all.map(namespaceData) },
      rows: 'namespaces',
      human: () => (rows.length === 0 ? ['No orphaned namespaces'] : [table(['Namespace ID', 'Name', 'Deleted At', 'Status'], rows)]),
    };
  },
});
