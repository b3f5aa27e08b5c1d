import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { nothingOf } from './nothing-of.js';
import { entityArgument } from './options.js';

export const deleteEntity = command({
  path: 'entity delete',
  summary: 'Remove an entity with its record, limits, usage and buckets',
  description: 'Its audit events stay until they expire, and its children stay; `entity erase` removes the events as well. '
    + 'Stop requests for the entity before, or they create new buckets. A call that fails is finished by another one.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { id: entityArgument },
  output: Type.Object({ entity: Type.String(), removed: Type.Integer({ description: 'items of the table' }) }),
  async run(context, { id }) {
    const { admin } = await context.namespace();
    await context.confirm(`Are you sure you want to delete entity '${id}' with its limits, usage and buckets?`);
    const removed = await admin.entities.delete(id);
    if (removed === 0) throw nothingOf(id);
    return { data: { entity: id, removed }, human: () => [`Deleted entity '${id}': ${removed} item(s). Its audit events stay until they expire.`] };
  },
});
