import { command } from '../../command/command.js';
import { optional, toggle } from '../../command/option.js';
import { entityData, entityLines, EntitySchema } from './entity-view.js';
import { entityArgument, metadataOption } from './options.js';

export const create = command({
  path: 'entity create',
  summary: 'Create the record of an entity: its name, its place below a parent, and metadata',
  description: 'An entity needs no record to be limited, only to have a parent. The parent need not have one.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { id: entityArgument },
  options: {
    name: optional('--display-name <name>', 'name for people; the id unless given'),
    parentId: optional('--parent <entity>', 'entity above this one'),
    cascade: toggle('--cascade', 'charge consumption to the parent as well', false),
    metadata: metadataOption('text to keep with the entity; may be repeated'),
  },
  output: EntitySchema,
  examples: ['entity create key-bob --display-name "Bob\'s key" --parent team-a --cascade'],
  async run(context, { id, name, parentId, cascade, metadata }) {
    const { admin } = await context.namespace();
    const entity = await admin.entities.create({ id, name, parentId, cascade, metadata: Object.fromEntries(metadata) });
    return { data: { ...entityData(entity) }, human: () => [`Created entity '${id}'`, ...entityLines(entity)] };
  },
});
