import { CloudFormationClient, DeleteStackCommand, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation';
import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { CliError, notFound } from '../../errors.js';
import { findStack, stackOf } from './stacks.js';

/** Longest wait for a stack to be gone, in seconds. */
const PATIENCE = 3600;

export const deleteLoadtest = command({
  path: 'loadtest delete',
  summary: 'Delete the stack of a load generator',
  scope: 'table',
  effect: 'writes',
  output: Type.Object({ stack: Type.String(), deleted: Type.Boolean({ description: 'false in a dry run' }) }),
  async run(context) {
    const client = (await context.aws()).get(CloudFormationClient);
    const name = stackOf(context.name);
    const stack = await findStack(client, name);
    if (stack === undefined) throw notFound(`there is no stack '${name}'`, 'zae-limiter loadtest list   shows what there is');
    if (context.dryRun) return { data: { stack: name, deleted: false }, human: () => [`Dry run: stack '${name}' would be deleted.`] };
    await context.confirm(`Are you sure you want to delete stack '${name}'?`);
    await client.send(new DeleteStackCommand({ StackName: name }));
    const progress = await context.progress(`Deleting stack '${name}'`);
    context.onInterrupt(`stopped waiting: CloudFormation goes on deleting stack '${name}'`);
    try {
      // The id finds a stack that is gone; the name would not.
      await waitUntilStackDeleteComplete({ client, maxWaitTime: PATIENCE, abortSignal: context.signal }, { StackName: stack.StackId });
    } catch (cause) {
      progress.failed(`Stack '${name}' was not deleted`);
      throw new CliError('DELETE_FAILED', `stack '${name}' was not deleted: ${(cause as Error).message}`, { cause });
    }
    progress.done(`Stack '${name}' is deleted`);
    return { data: { stack: name, deleted: true }, human: ({ ok }) => [`${ok} Stack '${name}' deleted successfully`] };
  },
});
