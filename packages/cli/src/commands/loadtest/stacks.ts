import { CloudFormationClient, DescribeStacksCommand, paginateDescribeStacks, type Stack } from '@aws-sdk/client-cloudformation';
import type { Context } from '../../context.js';

/** How stacks of load generators are named, as those of the Python library. */
export const stackOf = (limiter: string): string => `${limiter}-load`;

/** All stacks of load generators of the region. 1 call for each 100 stacks of the account. */
export async function loadStacks(context: Context): Promise<Stack[]> {
  const client = (await context.aws()).get(CloudFormationClient);
  const found: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) found.push(...Stacks.filter(({ StackName = '' }) => StackName.endsWith(stackOf(''))));
  return found;
}

/** A stack by its name; undefined when there is none. */
export async function findStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
  } catch (error) {
    if ((error as Error).name === 'ValidationError' && /does not exist/.test((error as Error).message)) return undefined;
    throw error;
  }
}
