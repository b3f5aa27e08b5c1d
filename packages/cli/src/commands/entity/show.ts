import { EntityNotFoundError } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { entityData, entityLines, EntitySchema } from './entity-view.js';
import { entityArgument } from './options.js';

export const show = command({
  path: 'entity show',
  summary: 'Show the record of an entity',
  scope: 'namespace',
  effect: 'reads',
  arguments: { id: entityArgument },
  output: EntitySchema,
  async run(context, { id }) {
    const { admin } = await context.namespace();
    const entity = await admin.entities.get(id);
    if (entity === undefined) throw new EntityNotFoundError(id);
    return { data: { ...entityData(entity) }, human: ({ bold }) => [bold(`Entity: ${id}`), ...entityLines(entity)] };
  },
});
