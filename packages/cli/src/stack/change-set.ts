import {
  DeleteChangeSetCommand, DeleteStackCommand, DescribeChangeSetCommand, ExecuteChangeSetCommand,
  type CloudFormationClient, type ResourceChange,
} from '@aws-sdk/client-cloudformation';
import type { Change } from './change.js';
import { findStack } from './stacks.js';

/** What CloudFormation is going to do to a stack. */
export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  /** Empty when the stack is already as it should be. */
  readonly changes: readonly Change[];
}

/** Name of the change sets of this program. */
export const CHANGE_SET_NAME = 'zae-limiter-deploy';

/** The change set that waits for its execution. */
export async function describeChangeSet(client: CloudFormationClient, stackName: string): Promise<ChangeSet> {
  const changes: Change[] = [];
  let page: { ChangeSetId?: string; StackId?: string; NextToken?: string } = {};
  do {
    const question = { StackName: stackName, ChangeSetName: CHANGE_SET_NAME, NextToken: page.NextToken };
    const answer = await client.send(new DescribeChangeSetCommand(question));
    changes.push(...(answer.Changes ?? []).flatMap(({ ResourceChange }) => (ResourceChange === undefined ? [] : [changeOf(ResourceChange)])));
    page = answer;
  } while (page.NextToken !== undefined);
  return { id: page.ChangeSetId!, stackId: page.StackId!, changes };
}

export async function executeChangeSet(client: CloudFormationClient, { id, stackId }: ChangeSet): Promise<void> {
  await client.send(new ExecuteChangeSetCommand({ ChangeSetName: id, StackName: stackId }));
}

/** Throws a change set away, and the empty stack that it made for itself when there was none. */
export async function discardChangeSet(client: CloudFormationClient, { id, stackId }: ChangeSet): Promise<void> {
  await client.send(new DeleteChangeSetCommand({ ChangeSetName: id, StackName: stackId }));
  const stack = await findStack(client, stackId);
  if (stack?.StackStatus === 'REVIEW_IN_PROGRESS') await client.send(new DeleteStackCommand({ StackName: stackId }));
}

const changeOf = ({ Action, ResourceType, LogicalResourceId, PhysicalResourceId, Replacement }: ResourceChange): Change => ({
  action: Action!, type: ResourceType!, logicalId: LogicalResourceId!, physicalId: PhysicalResourceId ?? null, replacement: Replacement ?? null,
});
