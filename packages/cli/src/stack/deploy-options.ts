import { choice, list, optional, optionalToggle, type Option } from '../command/option.js';
import { integer, keyValue } from '../command/parsers.js';
import { invalid } from '../errors.js';

/** Days that CloudWatch Logs can keep a log. */
export const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const PRESETS = ['development', 'staging', 'production'] as const;
export type Preset = typeof PRESETS[number];

/**
 * Flags of `deploy` that say what is deployed. None has a value unless it was given: the construct's own defaults are those of the
 * help, and a profile preset may have others.
 */
export const deployOptions = {
  profilePreset: choice('--profile-preset <stage>', 'settings for one stage, where the flags below say nothing', PRESETS),
  snapshotWindows: optional('--snapshot-windows <list>', 'windows of usage: hourly, daily, monthly; hourly,daily unless given', { parse: words }),
  usageRetentionDays: optional('--usage-retention-days <days>', 'how long usage is kept; 90 unless given', { parse: integer(1, 3650) }),
  auditRetentionDays: optional('--audit-retention-days <days>', 'how long audit events stay in the table; 90 unless given', {
    parse: integer(1, 3650), aliases: ['--audit-ttl-days <days>'],
  }),
  aggregator: optionalToggle('--enable-aggregator', 'the function that adds up usage; on unless given', { negation: '--no-aggregator' }),
  pitrRecoveryDays: optional('--pitr-recovery-days <days>', 'how far back the table can be restored, 1 to 35; not at all unless given', { parse: integer(1, 35) }),
  logRetentionDays: optional('--log-retention-days <days>', `how long logs are kept: ${LOG_RETENTION_DAYS.join(', ')}; 30 unless given`, { parse: logRetention }),
  lambdaTimeout: optional('--lambda-timeout <seconds>', 'longest run of the aggregator, 1 to 900; 60 unless given', { parse: integer(1, 900) }),
  lambdaMemory: optional('--lambda-memory <mb>', 'memory of the aggregator, 128 to 3008; 256 unless given', { parse: integer(128, 3008) }),
  alarms: optionalToggle('--enable-alarms', 'CloudWatch alarms; on unless given', { negation: '--no-alarms' }),
  alarmSnsTopic: optional('--alarm-sns-topic <arn>', 'topic that the alarms publish to', { parse: arn('sns') }),
  durationThresholdPct: optional('--lambda-duration-threshold-pct <percent>', 'part of the timeout that sets off the alarm, 1 to 100; 80 unless given', {
    parse: integer(1, 100),
  }),
  permissionBoundary: optional('--permission-boundary <policy>', 'name or ARN of the boundary of every role'),
  roleNameFormat: optional('--role-name-format <format>', "how roles are named, with one '{}' for the limiter and the part"),
  policyNameFormat: optional('--policy-name-format <format>', "how policies are named, with one '{}'"),
  auditArchival: optionalToggle('--enable-audit-archival', 'a bucket for audit events that leave the table; on unless given', { negation: '--no-audit-archival' }),
  glacierDays: optional('--audit-archive-glacier-days <days>', 'age at which archived events move to Glacier; 90 unless given', { parse: integer(1, 3650) }),
  tracing: optionalToggle('--enable-tracing', 'X-Ray traces the functions; off unless given', { negation: '--no-tracing' }),
  createIamRoles: optionalToggle('--create-iam-roles', 'roles to acquire, to administer and to read with; off unless given', { aliases: ['--enable-iam-roles', '--iam-roles'] }),
  iam: optionalToggle('--iam', 'whether anything is created in IAM; on unless given'),
  aggregatorRoleArn: optional('--aggregator-role-arn <arn>', 'role of the aggregator instead of a new one', { parse: arn('iam', 'role/') }),
  deletionProtection: optionalToggle('--enable-deletion-protection', 'DynamoDB and CloudFormation refuse to delete; off unless given', {
    negation: '--no-deletion-protection',
  }),
  tags: list('-t, --tag <key=value>', 'tag of every resource', { parse: keyValue }),
} as const;

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** Values of the flags; undefined where one was not given. */
export type DeployFlags = { readonly [K in keyof typeof deployOptions]: ValueOf<(typeof deployOptions)[K]> };

/** Flags that contradict each other. @throws {CliError} they do */
export function checkFlags({ iam, createIamRoles, aggregator, aggregatorRoleArn, alarms, alarmSnsTopic }: DeployFlags): void {
  if (iam === false && createIamRoles === true) throw invalid('--no-iam and --create-iam-roles contradict each other');
  if (aggregator === false && aggregatorRoleArn !== undefined) throw invalid('--aggregator-role-arn has no use with --no-aggregator');
  if (alarms === false && alarmSnsTopic !== undefined) throw invalid('--alarm-sns-topic has no use with --no-alarms');
}

/** What is to be said about flags that change nothing beside others; a script may give them all the same. */
export function uselessFlags(flags: DeployFlags): string[] {
  const { aggregator, lambdaTimeout, lambdaMemory, snapshotWindows, auditArchival, glacierDays, alarms, durationThresholdPct } = flags;
  const idle = (off: boolean, by: string, others: Readonly<Record<string, unknown>>): string[] =>
    (off ? Object.entries(others).flatMap(([name, given]) => (given === undefined ? [] : [`${name} has no effect with ${by}`])) : []);
  return [
    ...idle(aggregator === false, '--no-aggregator', {
      '--lambda-timeout': lambdaTimeout, '--lambda-memory': lambdaMemory, '--snapshot-windows': snapshotWindows,
    }),
    ...idle(auditArchival === false, '--no-audit-archival', { '--audit-archive-glacier-days': glacierDays }),
    ...idle(alarms === false, '--no-alarms', { '--lambda-duration-threshold-pct': durationThresholdPct }),
  ];
}

function words(text: string): readonly string[] {
  return text.split(',').map((word) => word.trim());
}

function logRetention(text: string): number {
  if (!LOG_RETENTION_DAYS.some((days) => String(days) === text)) throw invalid(`must be one of ${LOG_RETENTION_DAYS.join(', ')}, got '${text}'`);
  return Number(text);
}

function arn(service: string, resource = '') {
  const pattern = new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:${resource}.+$`);
  return (text: string): string => {
    if (!pattern.test(text)) throw invalid(`must be an ARN of ${service} such as arn:aws:${service}::123456789012:${resource}NAME, got '${text}'`);
    return text;
  };
}
