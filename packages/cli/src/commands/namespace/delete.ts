import { Type } from '@sinclair/typebox';
import { NamespaceNotFoundError } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { openRegistry } from './registry.js';

export const deleteNamespace = command({
  path: 'namespace delete',
  summary: 'Take a namespace away, so that nobody can open it; everything in it stays',
  description: '`namespace recover` brings it back, `namespace purge` removes it for ever. Programs that have it open go on until they close it.',
  scope: 'table',
  effect: 'writes',
  arguments: { name: argument('name', 'name of the namespace') },
  output: Type.Object({ name: Type.String(), id: Type.String({ description: 'for `recover` and `purge`' }) }),
  async run(context, { name }) {
    const { store, namespaces } = await openRegistry(context);
    const missing = new NamespaceNotFoundError(name, store.tableName);
    if (await namespaces.get(name) === undefined) throw missing;
    await context.confirm(`Are you sure you want to delete namespace '${name}'?`);
    const id = await namespaces.delete(name);
    if (id === undefined) throw missing;
    return {
      data: { name, id },
      human: () => [
        `Deleted namespace '${name}' (${id})`, `  zae-limiter namespace recover ${id}   brings it back`, `  zae-limiter namespace purge ${id}   removes it for ever`,
      ],
    };
  },
});
