import { DescribeAlarmsCommand, CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  DescribeContinuousBackupsCommand, DynamoDBClient, ListBackupsCommand, ListTagsOfResourceCommand, DescribeTableCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableStatus } from '@zae-limiter/client';
import type { AwsClients } from '../aws/clients.js';
import type { Context } from '../context.js';
import { notFound } from '../errors.js';
import { tableState } from './read-table.js';
import { cloudFormation, findStack, outputsOf, resourcesOf, tagsOf, type Stack, type StackResourceSummary } from './stacks.js';

/** How many alarms are in which state, and the names of those that are in alarm. */
export interface AlarmStates {
  readonly ok: number;
  readonly alarm: number;
  readonly insufficientData: number;
  readonly inAlarm: readonly string[];
}

/** All that is known of a limiter. What could not be found out is undefined, and `problems` says why. */
export interface LimiterStatus {
  readonly region: string;
  readonly table: TableStatus | undefined;
  /** Whether there is no table, as far as is known. */
  readonly tableIsMissing: boolean;
  readonly stack: Stack | undefined;
  readonly outputs: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string | undefined>>;
  readonly resources: readonly StackResourceSummary[] | undefined;
  readonly alarms: AlarmStates | undefined;
  /** Days that the table can be restored back to; 0 when it cannot. */
  readonly pitrDays: number | undefined;
  /** ISO 8601; null when there is none. */
  readonly lastBackup: string | null | undefined;
  readonly problems: readonly string[];
}

/**
 * Asks everybody, and goes on when one of them does not answer: 1 read and up to 8 calls.
 *
 * @throws {CliError} there is no such limiter
 * @throws {Error} neither table nor stack could be asked for
 */
export async function limiterStatus(context: Context): Promise<LimiterStatus> {
  const clients = await context.aws();
  const problems: string[] = [];
  const attempt = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const [region, table, stack] = await Promise.all([
    clients.region(), tableState(context), attempt('stack', () => stackOf(clients, context.name)),
  ]);
  const isMissing = table instanceof Error && (table as { code?: string }).code === 'INFRASTRUCTURE_NOT_FOUND';
  if (isMissing && stack === undefined && problems.length === 0) {
    throw notFound(`there is no limiter '${context.name}' in ${region}`, `zae-limiter deploy --name ${context.name}   creates it`);
  }
  if (table instanceof Error && !isMissing && problems.length > 0) throw table;
  if (table instanceof Error) problems.push(`table: ${table.message}`);
  const resources = stack && await attempt('resources', () => resourcesOf(cloudFormation(clients), stack.StackId!));
  const alarmNames = (resources ?? []).flatMap(({ ResourceType, PhysicalResourceId }) => (ResourceType === 'AWS::CloudWatch::Alarm' ? [PhysicalResourceId!] : []));
  const [alarms, pitrDays, lastBackup] = await Promise.all([
    resources && attempt('alarms', () => alarmStates(clients, alarmNames)),
    table instanceof Error ? undefined : attempt('point-in-time recovery', () => recoveryDays(clients, context.name)),
    table instanceof Error ? undefined : attempt('backups', () => newestBackup(clients, context.name)),
  ]);
  return {
    tableIsMissing: isMissing, region, stack, resources, alarms, pitrDays, lastBackup, problems,
    table: table instanceof Error ? undefined : table,
    outputs: stack === undefined ? {} : outputsOf(stack),
    tags: stack === undefined ? {} : tagsOf(stack),
  };
}

/** The stack of the limiter's name, or the one of an app that its table says it belongs to. */
async function stackOf(clients: AwsClients, name: string): Promise<Stack | undefined> {
  const client = cloudFormation(clients);
  const stack = await findStack(client, name);
  if (stack !== undefined) return stack;
  const owner = await owningStack(clients.get(DynamoDBClient, { maxAttempts: 3 }), name);
  return owner === undefined ? undefined : findStack(client, owner);
}

/** Id of the stack that made a table; undefined when none did, or the table is gone. */
async function owningStack(client: DynamoDBClient, table: string): Promise<string | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table!.TableArn }));
    return Tags.find(({ Key }) => Key === 'aws:cloudformation:stack-id')?.Value;
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function alarmStates(clients: AwsClients, names: readonly string[]): Promise<AlarmStates> {
  if (names.length === 0) return { ok: 0, alarm: 0, insufficientData: 0, inAlarm: [] }; // without names AWS would tell of every alarm
  const { MetricAlarms = [] } = await clients.get(CloudWatchClient).send(new DescribeAlarmsCommand({ AlarmNames: [...names] }));
  const count = (state: string): number => MetricAlarms.filter(({ StateValue }) => StateValue === state).length;
  return {
    ok: count('OK'), alarm: count('ALARM'), insufficientData: count('INSUFFICIENT_DATA'),
    inAlarm: MetricAlarms.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName!),
  };
}

async function recoveryDays(clients: AwsClients, table: string): Promise<number> {
  const client = clients.get(DynamoDBClient, { maxAttempts: 3 });
  const { ContinuousBackupsDescription: found } = await client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  const { PointInTimeRecoveryStatus: status, RecoveryPeriodInDays: days = 35 } = found?.PointInTimeRecoveryDescription ?? {};
  return status === 'ENABLED' ? days : 0;
}

/** Those of AWS Backup count as well. */
async function newestBackup(clients: AwsClients, table: string): Promise<string | null> {
  const client = clients.get(DynamoDBClient, { maxAttempts: 3 });
  const { BackupSummaries = [] } = await client.send(new ListBackupsCommand({ TableName: table, BackupType: 'ALL' }));
  const times = BackupSummaries.flatMap(({ BackupCreationDateTime: at }) => at?.toISOString() ?? []);
  return times.sort().at(-1) ?? null;
}
