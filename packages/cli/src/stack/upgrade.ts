import { UpdateStackCommand, type CloudFormationClient } from '@aws-sdk/client-cloudformation';
import {
  CreateBackupCommand, DescribeTableCommand, ListTagsOfResourceCommand, TagResourceCommand as TagTableCommand, type DynamoDBClient, type Tag,
} from '@aws-sdk/client-dynamodb';
import {
  GetFunctionCommand, LambdaClient, TagResourceCommand, UpdateFunctionCodeCommand, waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { SCHEMA_VERSION, type TableVersion } from '@zae-limiter/client';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { version } from '../version.js';
import { codeOf, FUNCTION_SUFFIX, FUNCTIONS, type FunctionId } from './functions.js';
import { isManaged } from './ownership.js';
import type { Stack, StackResourceSummary } from './stacks.js';
import { zipped } from './zip.js';

/** A function of a limiter that is deployed. */
export interface DeployedFunction {
  readonly id: FunctionId;
  readonly name: string;
  readonly arn: string;
  /** Version of its code, as its tag says; null for one without. */
  readonly version: string | null;
}

/** Parts of the logical ids that the construct gives to its functions. */
const LOGICAL_NAMES: Readonly<Record<FunctionId, RegExp>> = { aggregator: /Aggregator/, provisioner: /Provisioner/, probe: /Probe/ };

const LAMBDA_VERSION = 'zae-limiter:lambda-version';

/** Longest wait until Lambda took new code, in seconds. */
const UPDATE_SECONDS = 120;

/**
 * The functions of a limiter among the resources of its stack, and none of others that are there. 1 call for each that may be one.
 *
 * @throws {CliError} one of them is of the Python library, whose code is another one
 */
export async function functionsOf(client: LambdaClient, limiter: string, resources: readonly StackResourceSummary[]): Promise<DeployedFunction[]> {
  const names = resources.filter(({ ResourceType }) => ResourceType === 'AWS::Lambda::Function');
  const found = await Promise.all(names.map(async ({ LogicalResourceId, PhysicalResourceId }) =>
    await named(client, limiter, PhysicalResourceId!) ?? described(client, limiter, LogicalResourceId!, PhysicalResourceId!)));
  return found.filter((one) => one !== undefined);
}

/** A function that has the name of one of the limiter's. */
async function named(client: LambdaClient, limiter: string, name: string): Promise<DeployedFunction | undefined> {
  const id = FUNCTIONS.find((one) => name === `${limiter}-${FUNCTION_SUFFIX[one]}`);
  if (id === undefined) return undefined;
  const { Configuration, Tags = {} } = await client.send(new GetFunctionCommand({ FunctionName: name }));
  if (Configuration?.Runtime?.startsWith('nodejs') === false) {
    throw new CliError('FOREIGN_FUNCTION', `function '${name}' runs ${Configuration.Runtime}: the Python library deployed it`, {
      exitCode: EXIT.incompatible, hints: ['its own zae-limiter upgrade replaces its code'],
    });
  }
  return { id, name, arn: Configuration!.FunctionArn!, version: Tags[LAMBDA_VERSION] ?? null };
}

/**
 * A function that CloudFormation named. The tag alone does not make it the limiter's: CloudFormation gives the tags of a stack to all
 * that is in it. The descriptions of the construct's functions say whose they are.
 */
async function described(client: LambdaClient, limiter: string, logicalId: string, name: string): Promise<DeployedFunction | undefined> {
  const id = FUNCTIONS.find((one) => LOGICAL_NAMES[one].test(logicalId));
  if (id === undefined) return undefined;
  const { Configuration, Tags = {} } = await client.send(new GetFunctionCommand({ FunctionName: name }));
  const tag = Tags[LAMBDA_VERSION];
  const isOurs = tag !== undefined && ` ${Configuration?.Description} `.includes(` the rate limiter ${limiter} `);
  return isOurs ? { id, name, arn: Configuration!.FunctionArn!, version: tag } : undefined;
}

/** Gives a function the code of this program, waits until it runs, and tags it. */
export async function updateCode(client: LambdaClient, { id, name, arn }: DeployedFunction): Promise<void> {
  await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await zipped(codeOf(id)) }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: UPDATE_SECONDS, minDelay: 1 }, { FunctionName: name });
  await client.send(new TagResourceCommand({ Resource: arn, Tags: { [LAMBDA_VERSION]: version } }));
}

/** The tags that say what is deployed. */
const VERSION_TAGS: readonly Required<Tag>[] = Object.entries({
  'zae-limiter:version': version, [LAMBDA_VERSION]: version, 'zae-limiter:schema-version': SCHEMA_VERSION,
}).map(([Key, Value]) => ({ Key, Value }));

const saysThisVersion = (tags: readonly Partial<Tag>[] = []): boolean =>
  VERSION_TAGS.every(({ Key, Value }) => tags.some((tag) => tag.Key === Key && tag.Value === Value));

/** Whether table and stack are tagged with this version; the stack only when it is tagged at all. 2 calls. */
export async function areTagsCurrent(client: DynamoDBClient, table: string, stack: Stack): Promise<boolean> {
  const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: await arnOf(client, table) }));
  return saysThisVersion(Tags) && (!isManaged(stack) || saysThisVersion(stack.Tags));
}

/** Whether the version record says this version. */
export const isRecordCurrent = (record: TableVersion | undefined): boolean =>
  record?.schemaVersion === SCHEMA_VERSION && record.updatedBy?.split(':')[1] === version;

/**
 * Tags the table, and the stack when it is tagged: with its own template and its own parameters, so that nothing else changes.
 *
 * @returns whether CloudFormation has something to do
 */
export async function updateTags(
  clients: { readonly dynamodb: DynamoDBClient; readonly cloudFormation: CloudFormationClient }, table: string, stack: Stack,
): Promise<boolean> {
  await clients.dynamodb.send(new TagTableCommand({ ResourceArn: await arnOf(clients.dynamodb, table), Tags: [...VERSION_TAGS] }));
  if (!isManaged(stack)) return false;
  const others = (stack.Tags ?? []).filter(({ Key }) => !VERSION_TAGS.some((tag) => tag.Key === Key));
  try {
    await clients.cloudFormation.send(new UpdateStackCommand({
      StackName: stack.StackId, UsePreviousTemplate: true, Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
      Parameters: stack.Parameters?.map(({ ParameterKey }) => ({ ParameterKey, UsePreviousValue: true })),
      Tags: [...others, ...VERSION_TAGS],
    }));
    return true;
  } catch (error) {
    if (/No updates are to be performed/.test((error as Error).message)) return false;
    throw error;
  }
}

const arnOf = async (client: DynamoDBClient, table: string): Promise<string> =>
  (await client.send(new DescribeTableCommand({ TableName: table }))).Table!.TableArn!;

/** A backup that is kept until somebody deletes it. @returns its ARN */
export async function backUp(client: DynamoDBClient, table: string, now: number): Promise<string> {
  const name = `zae-limiter-before-${version}-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '')}`;
  const { BackupDetails } = await client.send(new CreateBackupCommand({ TableName: table, BackupName: name }));
  return BackupDetails!.BackupArn!;
}
