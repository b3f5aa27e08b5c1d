import {
  DeleteStackCommand, GetTemplateCommand, UpdateTerminationProtectionCommand, type CloudFormationClient,
} from '@aws-sdk/client-cloudformation';
import { parse } from 'yaml';
import { newestEvent } from './operation.js';
import { resourcesOf, type Stack } from './stacks.js';

/** Physical names of what stays when the stack is deleted. */
export async function retainedResources(client: CloudFormationClient, stackId: string): Promise<string[]> {
  const [{ TemplateBody = '{}' }, resources] = await Promise.all([
    client.send(new GetTemplateCommand({ StackName: stackId })), resourcesOf(client, stackId),
  ]);
  const template = parse(TemplateBody, { logLevel: 'error' }) as { Resources?: Record<string, { DeletionPolicy?: string }> };
  return resources
    .filter(({ LogicalResourceId }) => /^Retain/.test(template.Resources?.[LogicalResourceId!]?.DeletionPolicy ?? ''))
    .map(({ PhysicalResourceId, LogicalResourceId }) => PhysicalResourceId ?? LogicalResourceId!);
}

/** Lets CloudFormation delete a stack, its protection taken off first. @returns id of the newest event before that */
export async function startDeletion(client: CloudFormationClient, { StackId, EnableTerminationProtection }: Stack): Promise<string | undefined> {
  const after = await newestEvent(client, StackId!);
  if (EnableTerminationProtection) {
    await client.send(new UpdateTerminationProtectionCommand({ StackName: StackId, EnableTerminationProtection: false }));
  }
  await client.send(new DeleteStackCommand({ StackName: StackId }));
  return after;
}
