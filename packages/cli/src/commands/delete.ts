import { Type } from '@sinclair/typebox';
import type { TableStatus } from '@zae-limiter/client';
import { command } from '../command/command.js';
import { toggle } from '../command/option.js';
import type { Context } from '../context.js';
import { refused } from '../errors.js';
import { fields } from '../output/result.js';
import { about } from '../output/text.js';
import type { Stack } from '../stack/stacks.js';

export const deleteStack = command({
  path: 'delete',
  summary: 'Delete the stack of a limiter',
  description: 'Says first how many items the table has, and what stays: a table that is retained stays with its items, costs what it costs, and can be '
    + 'adopted again with `deploy --import-existing`. A stack that is protected, as those of the production preset are, is deleted only when its '
    + 'name is typed, whatever --yes says.',
  scope: 'table',
  effect: 'writes',
  audited: false,
  nameRequired: true,
  options: { wait: toggle('--wait', 'wait until CloudFormation is done', true) },
  output: Type.Object({
    name: Type.String(),
    stackId: Type.String(),
    status: Type.String({ description: 'DELETE_COMPLETE, STARTED with --no-wait, PLANNED for a dry run' }),
    itemCount: Type.Union([Type.Integer(), Type.Null()], { description: 'of the table, approximately; null when it could not be described' }),
    retained: Type.Array(Type.String(), { description: 'physical names of what stays' }),
  }),
  examples: ['delete -n my-limiter', 'delete -n my-limiter --yes --no-wait'],
  async run(context, { wait }) {
    const { cloudFormation, existingStack } = await import('../stack/stacks.js');
    const { retainedResources, startDeletion } = await import('../stack/deletion.js');
    const { tableState } = await import('../stack/read-table.js');
    const { waitForStack } = await import('../stack/operation.js');
    const client = cloudFormation(await context.aws());
    const stack = await existingStack(client, context.name);
    const [table, retained] = await Promise.all([tableState(context), retainedResources(client, stack.StackId!)]);
    for (const line of facts(stack, table, retained)) context.say(line);
    await approve(context, stack);
    const data = { name: context.name, stackId: stack.StackId!, itemCount: table instanceof Error ? null : table.itemCount, retained };
    if (context.dryRun) return { data: { ...data, status: 'PLANNED' }, human: () => ['Dry run: nothing was deleted.'] };
    const progress = await context.progress(`Deleting stack ${context.name}`);
    const after = await startDeletion(client, stack);
    if (!wait) {
      progress.done('CloudFormation has begun');
      return { data: { ...data, status: 'STARTED' }, human: ({ pending }) => [`${pending} Stack '${context.name}' is being deleted`] };
    }
    context.onInterrupt(`CloudFormation goes on without this program: zae-limiter status --name ${context.name} shows it`);
    const { clock } = context.io;
    const status = await waitForStack({
      client, stackId: stack.StackId!, after, clock, signal: context.signal, onEvent: (line) => progress.update(line),
    });
    progress.done('CloudFormation is done');
    return { data: { ...data, status }, human: ({ ok }) => [`${ok} Stack '${context.name}' deleted successfully`] };
  },
});

function facts(stack: Stack, table: TableStatus | Error, retained: readonly string[]): string[] {
  return fields([
    ['Stack', `${stack.StackName} (${stack.StackStatus})`],
    ['Items', table instanceof Error ? `unknown: ${table.message}` : about(table.itemCount)],
    ['Stays', retained.length === 0 ? 'nothing' : retained.join(', ')],
  ], '  ');
}

/** What is protected is somebody's production: a word that is typed by habit must not delete it. */
async function approve(context: Context, { EnableTerminationProtection: isProtected = false }: Stack): Promise<void> {
  const { name } = context;
  if (!isProtected || context.dryRun) return context.confirm(`Are you sure you want to delete stack '${name}'?`);
  const typed = await context.ask(`Stack '${name}' is protected against deletion. Type its name to delete it all the same:`);
  if (typed !== name) throw refused('That is not its name, nothing was done.');
}
