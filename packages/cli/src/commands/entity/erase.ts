import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { nothingOf } from './nothing-of.js';
import { entityArgument } from './options.js';

export const erase = command({
  path: 'entity erase',
  summary: 'Remove everything that the table holds of an entity, audit events included',
  description: 'For requests of erasure. What stays: records and audit events of others that name the entity (its children, which are shown; events '
    + 'that it caused as a principal), manifests that declare it, backups, and archived events; an archive of all deletions also takes those that are '
    + 'erased here. The trail of the namespace says that somebody was erased, and not who. Stop requests for the entity before. A call that fails is '
    + 'finished by another one.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { id: entityArgument },
  output: Type.Object({
    entity: Type.String(),
    removed: Type.Integer({ description: 'items of the table beside audit events' }),
    auditEvents: Type.Integer({ description: 'audit events that were removed' }),
    children: Type.Array(Type.String(), { description: 'entities that still name it as their parent' }),
  }),
  async run(context, { id }) {
    const { admin, operator } = await context.namespace();
    await context.confirm(`Are you sure you want to erase entity '${id}' with its limits, usage, buckets and audit events? This cannot be undone.`);
    const children = (await admin.entities.children(id).toArray()).map((child) => child.id);
    const { items: removed, auditEvents } = await operator.erase(id);
    if (removed + auditEvents === 0) throw nothingOf(id);
    return {
      data: { entity: id, removed, auditEvents, children },
      human: ({ warning }) => [
        `Erased entity '${id}': ${removed} item(s) and ${auditEvents} audit event(s).`,
        ...(children.length === 0 ? [] : [`${warning} Entities that still name it as their parent (${children.length}):`]),
        ...children.map((child) => `  zae-limiter entity update ${child} --remove-parent`),
        'Nothing was removed from backups and from the archive of audit events.',
      ],
    };
  },
});
