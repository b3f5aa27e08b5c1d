import {
  CloudFormationClient, DescribeStacksCommand, GetTemplateCommand, paginateDescribeStacks, paginateListStackResources,
  type Stack, type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import type { AwsClients } from '../aws/clients.js';
import { notFound } from '../errors.js';

export type { Stack, StackResourceSummary };

/** CloudFormation slows callers down who ask often; somebody who waits for a stack does not mind. */
const ATTEMPTS = 8;

export const cloudFormation = (clients: AwsClients, region?: string): CloudFormationClient =>
  clients.get(CloudFormationClient, { maxAttempts: ATTEMPTS, ...(region !== undefined && { region }) });

/** A stack by its name or id; undefined when there is none. 1 call. */
export async function findStack(client: CloudFormationClient, nameOrId: string): Promise<Stack | undefined> {
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: nameOrId }));
    return stack;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @throws {CliError} there is none */
export async function existingStack(client: CloudFormationClient, name: string): Promise<Stack> {
  const stack = await findStack(client, name);
  if (stack === undefined) {
    throw notFound(`there is no stack '${name}'`, 'zae-limiter list   shows what is deployed', `zae-limiter deploy --name ${name}   creates it`);
  }
  return stack;
}

/** Every stack of the region. 1 call for each 100. */
export async function allStacks(client: CloudFormationClient): Promise<Stack[]> {
  const found: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) found.push(...Stacks);
  return found;
}

/** The parts of a template that tell about its stack. */
export interface DeployedTemplate {
  readonly Description?: string;
  readonly Resources?: Readonly<Record<string, { readonly DeletionPolicy?: string }>>;
}

/** The template of a stack, JSON or YAML. 1 call. */
export async function templateOf(client: CloudFormationClient, stackId: string): Promise<DeployedTemplate> {
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName: stackId }));
  return (await import('yaml')).parse(TemplateBody, { logLevel: 'error' }) as DeployedTemplate;
}

/** Everything that a stack consists of. 1 call for each 100. */
export async function resourcesOf(client: CloudFormationClient, stackName: string): Promise<StackResourceSummary[]> {
  const found: StackResourceSummary[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stackName })) {
    found.push(...StackResourceSummaries);
  }
  return found;
}

export const tagsOf = ({ Tags = [] }: Stack): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));

export const outputsOf = ({ Outputs = [] }: Stack): Record<string, string> =>
  Object.fromEntries(Outputs.flatMap(({ OutputKey, OutputValue }) => (OutputKey && OutputValue !== undefined ? [[OutputKey, OutputValue]] : [])));

export type Health = 'ready' | 'in-progress' | 'failed';

/** What a status of CloudFormation means to an operator. A stack that went back to what it was works, and nobody got what they wanted. */
export function healthOf(status: string): Health {
  if (status.endsWith('_IN_PROGRESS')) return 'in-progress';
  return /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status) ? 'ready' : 'failed';
}

/** CloudFormation has no error of its own for what is not there. */
function isMissing(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'ValidationError' && /does not exist/.test(message);
}
