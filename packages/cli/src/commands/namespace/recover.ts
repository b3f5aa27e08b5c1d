import { namespaceById } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { namespaceData, NamespaceSchema, noNamespaceWithId, openRegistry } from './registry.js';

export const recover = command({
  path: 'namespace recover',
  summary: 'Bring a deleted namespace back, with everything in it',
  scope: 'table',
  effect: 'writes',
  arguments: { id: argument('id', 'id of the namespace; `namespace orphans` shows it') },
  output: NamespaceSchema,
  async run(context, { id }) {
    const { store, namespaces } = await openRegistry(context);
    if (await namespaceById(store, id) === undefined) throw noNamespaceWithId(id);
    const namespace = await namespaces.recover(id);
    return { data: { ...namespaceData(namespace) }, human: () => [`Recovered namespace '${namespace.name}' (${id})`] };
  },
});
