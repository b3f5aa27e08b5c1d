import { Type } from '@sinclair/typebox';
import type { Namespace, NamespacesAdmin, Store } from '@zae-limiter/client';
import { countItems, namespaceById, type ItemCounts } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import type { Context } from '../../context.js';
import { CliError } from '../../errors.js';
import { fields } from '../../output/result.js';
import { count } from '../../output/text.js';
import { noNamespaceWithId, openRegistry } from './registry.js';

export const purge = command({
  path: 'namespace purge',
  summary: 'Remove a deleted namespace with everything in it, for ever',
  description: 'Shows first how much there is. A purge that ends early is finished by the same command; once it has begun, the namespace '
    + 'cannot be recovered. Close programs that have it open before: what they write meanwhile may stay.',
  scope: 'table',
  effect: 'writes',
  arguments: { id: argument('id', 'id of the namespace; `namespace orphans` shows it') },
  output: Type.Object({
    id: Type.String(),
    name: Type.String(),
    found: Type.Object({
      entities: Type.Integer(), limits: Type.Integer(), buckets: Type.Integer(), usage: Type.Integer(), auditEvents: Type.Integer(),
      others: Type.Integer(), total: Type.Integer(),
    }, { description: 'items before the purge, by kind; without those that no index lists' }),
    removed: Type.Integer({ description: 'items that this call removed' }),
  }),
  async run(context, { id }) {
    const { store, namespaces } = await openRegistry(context);
    const { name } = await deleted(store, id);
    const found = await countItems(store, id);
    context.say([`Namespace '${name}' (${id}) holds ${count(found.total)} item(s):`, ...countLines(found)].join('\n'));
    await context.confirm(`Are you sure you want to purge namespace '${name}'? This cannot be undone.`);
    const removed = await purgeWithProgress(context, namespaces, id, found.total);
    return { data: { id, name, found, removed }, human: () => [`Purged namespace '${name}' (${id}): ${count(removed)} item(s) removed`] };
  },
});

/** Refuses a namespace that is in use before anybody is asked. */
async function deleted(store: Store, id: string): Promise<Namespace> {
  const namespace = await namespaceById(store, id);
  if (namespace === undefined) throw noNamespaceWithId(id);
  const { name, status } = namespace;
  if (status !== 'active') return namespace;
  throw new CliError('NAMESPACE_STATE', `namespace '${name}' is active; delete it first`, { hints: [`zae-limiter namespace delete ${name}   takes it away`] });
}

const countLines = ({ entities, limits, buckets, usage, auditEvents, others }: ItemCounts): string[] => fields([
  ['Entities', count(entities)], ['Limits', count(limits)], ['Buckets', count(buckets)], ['Usage', count(usage)],
  ['Audit events', count(auditEvents)], ['Others', count(others)],
], '  ');

async function purgeWithProgress(context: Context, namespaces: NamespacesAdmin, id: string, total: number): Promise<number> {
  const resume = `run 'zae-limiter namespace purge ${id}' again to finish it`;
  const progress = await context.progress('Removing items');
  context.onInterrupt(`the purge has stopped; ${resume}`);
  try {
    const removed = await namespaces.purge(id, {
      onProgress({ removed: soFar }) {
        context.signal.throwIfAborted();
        progress.update(`Removed ${count(soFar)} of ${count(total)} item(s)`, total === 0 ? 1 : Math.min(1, soFar / total));
      },
    });
    progress.done(`Removed ${count(removed)} item(s)`);
    return removed;
  } catch (error) {
    progress.failed(`The purge has stopped; ${resume}`);
    throw error;
  }
}
