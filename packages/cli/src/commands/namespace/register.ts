import { Type } from '@sinclair/typebox';
import { checkNamespace } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { operands } from '../../command/option.js';
import { openRegistry } from './registry.js';

export const register = command({
  path: 'namespace register',
  summary: 'Register namespaces; those that are registered already stay as they are',
  scope: 'table',
  effect: 'writes',
  arguments: { names: operands('names', 'names of namespaces, such as tenants', 1) },
  output: Type.Object({
    namespaces: Type.Array(Type.Object({ name: Type.String(), id: Type.String(), created: Type.Boolean({ description: 'false when it was registered before' }) })),
  }),
  examples: ['namespace register tenant-alpha tenant-beta'],
  async run(context, { names }) {
    for (const name of names) checkNamespace(name); // all of them, before one is registered
    const { namespaces } = await openRegistry(context);
    const registered: { name: string; id: string; created: boolean }[] = [];
    for (const name of names) {
      const created = await namespaces.get(name) === undefined;
      registered.push({ name, id: await namespaces.register(name), created });
    }
    return {
      data: { namespaces: registered },
      rows: 'namespaces',
      human: () => registered.map(({ name, id, created }) => `${created ? 'Registered namespace' : 'Already registered:'} '${name}' (${id})`),
    };
  },
});
