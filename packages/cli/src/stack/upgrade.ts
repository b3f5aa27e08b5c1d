import { UpdateStackCommand, type CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateBackupCommand, DescribeTableCommand, TagResourceCommand as TagTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetFunctionCommand, LambdaClient, TagResourceCommand, UpdateFunctionCodeCommand, waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { SCHEMA_VERSION } from '@zae-limiter/client';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { version } from '../version.js';
import { codeOf, type FunctionId } from './functions.js';
import { tagsOf, type Stack, type StackResourceSummary } from './stacks.js';
import { zipped } from './zip.js';

/** A function of a limiter that is deployed. */
export interface DeployedFunction {
  readonly id: FunctionId;
  readonly name: string;
  readonly arn: string;
  /** Version of its code, as its tag says; null for one without. */
  readonly version: string | null;
}

/** Parts of the names that the construct gives to its resources. */
const LOGICAL_NAMES: readonly (readonly [FunctionId, RegExp])[] = [['aggregator', /Aggregator/], ['provisioner', /Provisioner/], ['probe', /Probe/]];

const LAMBDA_VERSION = 'zae-limiter:lambda-version';

/** Longest wait until Lambda took new code, in seconds. */
const UPDATE_SECONDS = 120;

/** The functions of a stack. 1 call for each. @throws {CliError} one of them is of the Python library, whose code is another one */
export async function functionsOf(client: LambdaClient, resources: readonly StackResourceSummary[]): Promise<DeployedFunction[]> {
  const found = resources.filter(({ ResourceType }) => ResourceType === 'AWS::Lambda::Function').flatMap(({ LogicalResourceId, PhysicalResourceId }) => {
    const known = LOGICAL_NAMES.find(([, pattern]) => pattern.test(LogicalResourceId!));
    return known === undefined ? [] : [{ id: known[0], name: PhysicalResourceId! }];
  });
  return Promise.all(found.map(async ({ id, name }) => {
    const { Configuration, Tags = {} } = await client.send(new GetFunctionCommand({ FunctionName: name }));
    if (Configuration?.Runtime?.startsWith('nodejs') === false) {
      throw new CliError('FOREIGN_FUNCTION', `function '${name}' runs ${Configuration.Runtime}: the Python library deployed it`, {
        exitCode: EXIT.incompatible, hints: ['its own zae-limiter upgrade replaces its code'],
      });
    }
    return { id, name, arn: Configuration!.FunctionArn!, version: Tags[LAMBDA_VERSION] ?? null };
  }));
}

/** Gives a function the code of this program, waits until it runs, and tags it. */
export async function updateCode(client: LambdaClient, { id, name, arn }: DeployedFunction): Promise<void> {
  await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await zipped(codeOf(id)) }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: UPDATE_SECONDS, minDelay: 1 }, { FunctionName: name });
  await client.send(new TagResourceCommand({ Resource: arn, Tags: { [LAMBDA_VERSION]: version } }));
}

/** The tags that say what is deployed. */
const VERSION_TAGS = { 'zae-limiter:version': version, [LAMBDA_VERSION]: version, 'zae-limiter:schema-version': SCHEMA_VERSION } as const;

/**
 * Tags the table, and the stack when it is one limiter's: with its own template and its own parameters, so that nothing else changes.
 *
 * @returns whether CloudFormation has something to do
 */
export async function updateTags(
  clients: { readonly dynamodb: DynamoDBClient; readonly cloudFormation: CloudFormationClient }, table: string, stack: Stack,
): Promise<boolean> {
  const versionTags = Object.entries(VERSION_TAGS).map(([Key, Value]) => ({ Key, Value }));
  const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName: table }));
  await clients.dynamodb.send(new TagTableCommand({ ResourceArn: Table!.TableArn, Tags: versionTags }));
  const tags = tagsOf(stack);
  if (tags.ManagedBy !== 'zae-limiter') return false;
  try {
    await clients.cloudFormation.send(new UpdateStackCommand({
      StackName: stack.StackId, UsePreviousTemplate: true, Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
      Parameters: stack.Parameters?.map(({ ParameterKey }) => ({ ParameterKey, UsePreviousValue: true })),
      Tags: Object.entries({ ...tags, ...VERSION_TAGS }).map(([Key, Value]) => ({ Key, Value })),
    }));
    return true;
  } catch (error) {
    if (/No updates are to be performed/.test((error as Error).message)) return false;
    throw error;
  }
}

/** A backup that is kept until somebody deletes it. @returns its ARN */
export async function backUp(client: DynamoDBClient, table: string, now: number): Promise<string> {
  const name = `zae-limiter-before-${version}-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '')}`;
  const { BackupDetails } = await client.send(new CreateBackupCommand({ TableName: table, BackupName: name }));
  return BackupDetails!.BackupArn!;
}
