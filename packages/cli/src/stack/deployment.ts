import { UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import type { Context } from '../context.js';
import type { Progress } from '../ui/progress.js';
import { CHANGE_SET_NAME, describeChangeSet, discardChangeSet, executeChangeSet, type ChangeSet } from './change-set.js';
import { newestEvent, waitForStack } from './operation.js';
import { cloudFormation } from './stacks.js';
import type { Synthesis } from './synthesis.js';
import { withToolkit } from './toolkit.js';

export interface PlanOptions {
  /** Whether resources that exist already and have the names of new ones are adopted. */
  readonly importExisting: boolean;
  /** Whether the account is made ready for the CDK first. */
  readonly bootstrap: boolean;
}

/** Uploads the code, and lets CloudFormation say what it would change. Nothing of the stack changes. */
export async function planDeployment(
  context: Context, progress: Progress, { directory }: Synthesis, { importExisting, bootstrap }: PlanOptions,
): Promise<ChangeSet> {
  await withToolkit(context, progress, async (toolkit) => {
    const source = await toolkit.fromAssemblyDirectory(directory);
    if (bootstrap) {
      const { BootstrapEnvironments } = await import('@aws-cdk/toolkit-lib');
      progress.update('Making the account ready for the CDK');
      await toolkit.bootstrap(BootstrapEnvironments.fromCloudAssemblySource(source));
    }
    progress.update('Uploading the code, and asking CloudFormation what would change');
    await toolkit.deploy(source, {
      deploymentMethod: { method: 'change-set', execute: false, changeSetName: CHANGE_SET_NAME, importExistingResources: importExisting },
    });
  });
  return describeChangeSet(cloudFormation(await context.aws()), context.name);
}

/** Lets CloudFormation make the changes; waits for their end unless it should not. @returns the status of the stack */
export async function applyChanges(context: Context, progress: Progress, changes: ChangeSet, wait: boolean): Promise<string> {
  const client = cloudFormation(await context.aws());
  const after = await newestEvent(client, changes.stackId);
  await executeChangeSet(client, changes);
  if (!wait) return 'STARTED';
  context.onInterrupt(`CloudFormation goes on without this program: zae-limiter status --name ${context.name} shows it`);
  const { clock } = context.io;
  return waitForStack({ client, stackId: changes.stackId, after, clock, signal: context.signal, onEvent: (line) => progress.update(line) });
}

/** Has CloudFormation refuse to delete the stack from now on, or not any more. */
export async function protect(context: Context, { stackId }: ChangeSet, EnableTerminationProtection: boolean): Promise<void> {
  await cloudFormation(await context.aws()).send(new UpdateTerminationProtectionCommand({ StackName: stackId, EnableTerminationProtection }));
}

/** Throws the changes away. */
export async function discard(context: Context, changes: ChangeSet): Promise<void> {
  await discardChangeSet(cloudFormation(await context.aws()), changes);
}
