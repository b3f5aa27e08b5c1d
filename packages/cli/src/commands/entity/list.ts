import { Type } from '@sinclair/typebox';
import type { Admin, Entity } from '@zae-limiter/client';
import { DEFAULT_RESOURCE, type OperatorAdmin } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { optional } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { invalid } from '../../errors.js';
import { readPart, type Part, type PartOptions } from '../../output/entries.js';
import { tellMore } from '../../output/more.js';
import { table, type Block } from '../../output/result.js';
import { nullable } from '../../output/schema.js';
import { entityData, EntitySchema, yesNo } from './entity-view.js';

export const listEntities = command({
  path: 'entity list',
  summary: 'List entities: those with a record, those below a parent, or those with limits of their own',
  description: 'An index that is a moment late answers. With --with-custom-limits only ids are listed: such an entity need not have a record.',
  scope: 'namespace',
  effect: 'reads',
  options: {
    withLimits: optional('--with-custom-limits <resource>', `entities with limits of their own on this resource; ${DEFAULT_RESOURCE} for those on all`),
    childrenOf: optional('--children-of <entity>', 'entities directly below this one'),
    prefix: optional('--prefix <text>', 'entities whose ids begin like this'),
    limit: optional('--limit <number>', 'how many at most; all unless given', { parse: integer(1) }),
    cursor: optional('--cursor <cursor>', 'where to go on, as the list before said'),
  },
  output: Type.Object({
    entities: Type.Array(Type.Union([EntitySchema, Type.Object({ id: Type.String() })]), { description: 'only ids with --with-custom-limits' }),
    cursor: nullable(Type.String(), 'for --cursor; null at the end of the list'),
  }),
  examples: ['entity list --prefix user-', 'entity list --with-custom-limits gpt-4'],
  async run(context, { withLimits, childrenOf, prefix, limit, cursor }) {
    if ([withLimits, childrenOf, prefix].filter((filter) => filter !== undefined).length > 1) {
      throw invalid('--with-custom-limits, --children-of and --prefix exclude each other');
    }
    const { admin, operator } = await context.namespace();
    const part = withLimits === undefined
      ? await records(admin, operator, { childrenOf, prefix }, { limit, cursor })
      : await ids(admin, withLimits, { limit, cursor });
    if (part.cursor !== null) tellMore(context, `There are more: --cursor ${part.cursor}`, context.globals.output, false);
    return { data: { entities: part.items, cursor: part.cursor }, rows: 'entities', human: () => part.lines };
  },
});

type Shown = Part<object> & { readonly lines: readonly Block[] };

interface RecordFilter {
  readonly childrenOf?: string;
  readonly prefix?: string;
}

async function records({ entities }: Admin, operator: OperatorAdmin, { childrenOf, prefix = '' }: RecordFilter, paging: PartOptions): Promise<Shown> {
  const list = childrenOf === undefined ? operator.entitiesFrom(prefix) : entities.children(childrenOf);
  const { items, cursor } = await readPart<Entity>(list, paging);
  const rows = items.map(({ id, name = '', parentId = '', cascade, createdAt = '' }) => [id, name, parentId, yesNo(cascade), createdAt]);
  return {
    items: items.map(entityData), cursor,
    lines: rows.length === 0 ? ['No entities found'] : [table(['Entity', 'Name', 'Parent', 'Cascade', 'Created'], rows)],
  };
}

async function ids({ limits }: Admin, resource: string, paging: PartOptions): Promise<Shown> {
  const { items, cursor } = await readPart(limits.entities(resource === DEFAULT_RESOURCE ? undefined : resource), paging);
  return {
    items: items.map((id) => ({ id })), cursor,
    lines: items.length === 0 ? [`No entities with custom limits for resource '${resource}'`] : items,
  };
}
