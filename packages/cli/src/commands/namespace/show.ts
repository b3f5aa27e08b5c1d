import { NamespaceNotFoundError } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { fields } from '../../output/result.js';
import { namespaceData, NamespaceSchema, openRegistry } from './registry.js';

export const show = command({
  path: 'namespace show',
  summary: 'Show a namespace that is registered',
  scope: 'table',
  effect: 'reads',
  arguments: { name: argument('name', 'name of the namespace') },
  output: NamespaceSchema,
  async run(context, { name }) {
    const { store, namespaces } = await openRegistry(context);
    const namespace = await namespaces.get(name);
    if (namespace === undefined) throw new NamespaceNotFoundError(name, store.tableName);
    const { id, status, createdAt } = namespace;
    return {
      data: { ...namespaceData(namespace) },
      human: () => fields([['Name', name], ['Namespace ID', id], ['Status', status], ['Created At', createdAt ?? 'unknown']]),
    };
  },
});
