import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { notFound } from '../../errors.js';
import { stackOf } from './stacks.js';

export const deleteLoadtest = command({
  path: 'loadtest delete',
  summary: 'Delete the stack of a load generator',
  scope: 'table',
  effect: 'writes',
  output: Type.Object({ stack: Type.String(), deleted: Type.Boolean({ description: 'false in a dry run' }) }),
  async run(context) {
    const { cloudFormation, findStack } = await import('../../stack/stacks.js');
    const { approveDeletion, deleteStack } = await import('../../stack/deletion.js');
    const { checkLoadGenerator } = await import('../../stack/ownership.js');
    const client = cloudFormation(await context.aws());
    const name = stackOf(context.name);
    const stack = await findStack(client, name);
    if (stack === undefined) throw notFound(`there is no stack '${name}'`, 'zae-limiter loadtest list   shows what there is');
    checkLoadGenerator(stack);
    await approveDeletion(context, stack);
    if (context.dryRun) return { data: { stack: name, deleted: false }, human: () => [`Dry run: stack '${name}' would be deleted.`] };
    await deleteStack(context, client, stack, { wait: true, look: 'zae-limiter loadtest list' });
    return { data: { stack: name, deleted: true }, human: ({ ok }) => [`${ok} Stack '${name}' deleted successfully`] };
  },
});
