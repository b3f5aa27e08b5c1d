import {
  DeleteStackCommand, UpdateTerminationProtectionCommand, type CloudFormationClient,
} from '@aws-sdk/client-cloudformation';
import type { Context } from '../context.js';
import { refused } from '../errors.js';
import { newestEvent, waitForStack } from './operation.js';
import type { DeployedTemplate, Stack, StackResourceSummary } from './stacks.js';

/** Physical names of what stays when the stack is deleted. */
export const retainedResources = ({ Resources = {} }: DeployedTemplate, resources: readonly StackResourceSummary[]): string[] => resources
  .filter(({ LogicalResourceId }) => /^Retain/.test(Resources[LogicalResourceId!]?.DeletionPolicy ?? ''))
  .map(({ PhysicalResourceId, LogicalResourceId }) => PhysicalResourceId ?? LogicalResourceId!);

/**
 * Asks before a stack is deleted. What is protected is somebody's production: a word that is typed by habit must not delete it.
 *
 * @throws {CliError} nobody agreed
 */
export async function approveDeletion(context: Context, { StackName: name, EnableTerminationProtection: isProtected = false }: Stack): Promise<void> {
  if (!isProtected || context.dryRun) return context.confirm(`Are you sure you want to delete stack '${name}'?`);
  const typed = await context.ask(`Stack '${name}' is protected against deletion. Type its name to delete it all the same:`);
  if (typed !== name) throw refused('That is not its name, nothing was done.');
}

export interface DeletionOptions {
  /** Whether to wait for the end. */
  readonly wait: boolean;
  /** Command that shows how far it is. */
  readonly look: string;
}

/**
 * Deletes a stack, its protection taken off first.
 *
 * @returns the status that it ended with; `STARTED` without waiting
 * @throws {CliError} something could not be deleted
 */
export async function deleteStack(context: Context, client: CloudFormationClient, stack: Stack, { wait, look }: DeletionOptions): Promise<string> {
  const progress = await context.progress(`Deleting stack ${stack.StackName}`);
  const after = await startDeletion(client, stack);
  if (!wait) {
    progress.done('CloudFormation has begun');
    return 'STARTED';
  }
  context.onInterrupt(`CloudFormation goes on without this program: ${look} shows it`);
  const { signal, io: { clock } } = context;
  try {
    const status = await waitForStack({ client, stackId: stack.StackId!, after, clock, signal, onEvent: (line) => progress.update(line) });
    progress.done('CloudFormation is done');
    return status;
  } catch (error) {
    progress.failed(`Stack ${stack.StackName} was not deleted`);
    throw error;
  }
}

/** @returns id of the newest event before the deletion */
async function startDeletion(client: CloudFormationClient, { StackId, EnableTerminationProtection }: Stack): Promise<string | undefined> {
  const after = await newestEvent(client, StackId!);
  if (EnableTerminationProtection) {
    await client.send(new UpdateTerminationProtectionCommand({ StackName: StackId, EnableTerminationProtection: false }));
  }
  await client.send(new DeleteStackCommand({ StackName: StackId }));
  return after;
}
