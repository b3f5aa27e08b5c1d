import { Type } from '@sinclair/typebox';
import type { TableStatus } from '@zae-limiter/client';
import { command } from '../command/command.js';
import { toggle } from '../command/option.js';
import { fields } from '../output/result.js';
import { about } from '../output/text.js';
import type { Stack } from '../stack/stacks.js';

export const deleteLimiter = command({
  path: 'delete',
  summary: 'Delete the stack of a limiter',
  description: 'Says first how many items the table has, and what stays: a table that is retained stays with its items, costs what it costs, and can be '
    + 'adopted again with `deploy --import-existing`. A stack that is protected, as those of the production preset are, is deleted only when its '
    + 'name is typed, whatever --yes says. A stack that holds more than a limiter, as that of an app may, is deleted only if `deploy` made it.',
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
    const { cloudFormation, existingStack, resourcesOf, templateOf } = await import('../stack/stacks.js');
    const { approveDeletion, deleteStack, retainedResources } = await import('../stack/deletion.js');
    const { checkDeletable } = await import('../stack/ownership.js');
    const { tableState } = await import('../stack/read-table.js');
    const client = cloudFormation(await context.aws());
    const stack = await existingStack(client, context.name);
    const template = await templateOf(client, stack.StackId!);
    checkDeletable(context.name, stack, template);
    const [table, resources] = await Promise.all([tableState(context), resourcesOf(client, stack.StackId!)]);
    const retained = retainedResources(template, resources);
    for (const line of facts(stack, table, retained)) context.say(line);
    await approveDeletion(context, stack);
    const data = { name: context.name, stackId: stack.StackId!, itemCount: table instanceof Error ? null : table.itemCount, retained };
    if (context.dryRun) return { data: { ...data, status: 'PLANNED' }, human: () => ['Dry run: nothing was deleted.'] };
    const status = await deleteStack(context, client, stack, { wait, look: `zae-limiter status --name ${context.name}` });
    return {
      data: { ...data, status },
      human: ({ ok, pending }) => [wait ? `${ok} Stack '${context.name}' deleted successfully` : `${pending} Stack '${context.name}' is being deleted`],
    };
  },
});

function facts(stack: Stack, table: TableStatus | Error, retained: readonly string[]): string[] {
  return fields([
    ['Stack', `${stack.StackName} (${stack.StackStatus})`],
    ['Items', table instanceof Error ? `unknown: ${table.message}` : about(table.itemCount)],
    ['Stays', retained.length === 0 ? 'nothing' : retained.join(', ')],
  ], '  ');
}
