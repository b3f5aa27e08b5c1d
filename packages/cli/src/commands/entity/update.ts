import { Type } from '@sinclair/typebox';
import { EntityNotFoundError, type EntityChanges } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { flag, optional, optionalToggle } from '../../command/option.js';
import { invalid } from '../../errors.js';
import { entityData, entityLines, EntitySchema } from './entity-view.js';
import { entityArgument, metadataOption } from './options.js';

export const update = command({
  path: 'entity update',
  summary: 'Change the record of an entity; what is not given stays',
  description: 'Live buckets of the entity follow a change of its place in the hierarchy.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { id: entityArgument },
  options: {
    name: optional('--display-name <name>', 'name for people; the id when it is empty'),
    parent: optional('--parent <entity>', 'another parent'),
    removeParent: flag('--remove-parent', 'no parent any more'),
    cascade: optionalToggle('--cascade', 'charge consumption to the parent as well'),
    metadata: metadataOption('replaces all that is kept with the entity; may be repeated'),
    clearMetadata: flag('--clear-metadata', 'remove all that is kept with the entity'),
  },
  output: Type.Object({ before: EntitySchema, after: EntitySchema }),
  examples: ['entity update key-bob --parent team-b', 'entity update key-bob --remove-parent --no-cascade'],
  async run(context, { id, name, parent, removeParent, cascade, metadata, clearMetadata }) {
    if (removeParent && parent !== undefined) throw invalid('--parent and --remove-parent exclude each other');
    if (clearMetadata && metadata.length > 0) throw invalid('--metadata and --clear-metadata exclude each other');
    const changes: EntityChanges = {
      name, cascade, parentId: removeParent ? null : parent,
      ...((clearMetadata || metadata.length > 0) && { metadata: Object.fromEntries(metadata) }),
    };
    if (Object.values(changes).every((change) => change === undefined)) throw invalid('nothing to change', 'zae-limiter entity update --help   shows what can be');
    const { admin } = await context.namespace();
    const before = await admin.entities.get(id);
    if (before === undefined) throw new EntityNotFoundError(id);
    const after = await admin.entities.update(id, changes);
    return {
      data: { before: entityData(before), after: entityData(after) },
      human: ({ arrow }) => [`Updated entity '${id}'`, ...changedLines(entityLines(before), entityLines(after), arrow)],
    };
  },
});

/** Lines of the record as it is, those that differ with what they said before. */
function changedLines(before: readonly string[], after: readonly string[], arrow: string): string[] {
  const parts = (line: string): [name: string, value: string] => {
    const [, name, value] = /^(\s*\w+:\s+)(.*)$/s.exec(line)!;
    return [name!, value!];
  };
  const old = new Map(before.map((line) => [parts(line)[0].trim(), parts(line)[1]]));
  return after.map((line) => {
    const [name, value] = parts(line);
    const was = old.get(name.trim());
    return was === undefined || was === value ? line : `${name}${was} ${arrow} ${value}`;
  });
}
