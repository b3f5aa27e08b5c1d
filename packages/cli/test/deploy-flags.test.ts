import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Admin, DynamoDbStore, SCHEMA_VERSION } from '@zae-limiter/client';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { PATIENCE_MS } from '../../../test/support/table';
import { prepareTable, WRITER } from '../src/stack/prepare-table';
import { invoke, invokeJson } from './support/cli';
import { newTable } from './support/own-table';

/** The template that a command line would deploy. */
async function templateOf(...flags: readonly string[]): Promise<Template> {
  const { code, stdout, stderr } = await invoke(['deploy', '-n', 'limits', '--template-only', '--output', 'json', ...flags]);
  if (code !== 0) throw new Error(stderr);
  return Template.fromJSON((JSON.parse(stdout) as { template: object }).template as Record<string, unknown>);
}

const env = (name: string, value: unknown) => ['AWS::Lambda::Function', { FunctionName: 'limits-aggregator', Environment: { Variables: { [name]: value } } }] as const;
const aggregator = (properties: object) => ['AWS::Lambda::Function', { FunctionName: 'limits-aggregator', ...properties }] as const;
const role = (properties: object) => ['AWS::IAM::Role', properties] as const;
const topic = 'arn:aws:sns:us-east-1:123456789012:alarms';
const external = 'arn:aws:iam::123456789012:role/aggregator';

test.each<[flags: string, type: string, properties: object]>([
  ['', ...env('SNAPSHOT_WINDOWS', 'hourly,daily')],
  ['', ...aggregator({ Timeout: 60, MemorySize: 256 })],
  ['', 'AWS::Logs::LogGroup', { LogGroupName: '/aws/lambda/limits-aggregator', RetentionInDays: 30 }],
  ['', 'AWS::DynamoDB::Table', { TableName: 'limits', DeletionProtectionEnabled: false, PointInTimeRecoverySpecification: Match.absent() }],
  ['', 'Custom::ZaeLimiterBootstrap', { AuditRetentionDays: 90, Namespaces: ['default'] }],
  ['--snapshot-windows hourly,monthly', ...env('SNAPSHOT_WINDOWS', 'hourly,monthly')],
  ['--usage-retention-days 120', ...env('SNAPSHOT_TTL_DAYS', '120')],
  ['--audit-retention-days 30', 'Custom::ZaeLimiterBootstrap', { AuditRetentionDays: 30 }],
  ['--audit-ttl-days 31', 'Custom::ZaeLimiterBootstrap', { AuditRetentionDays: 31 }],
  ['--pitr-recovery-days 7', 'AWS::DynamoDB::Table', { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 } }],
  ['--log-retention-days 90', 'AWS::Logs::LogGroup', { LogGroupName: '/aws/lambda/limits-aggregator', RetentionInDays: 90 }],
  ['--lambda-timeout 120', ...aggregator({ Timeout: 120 })],
  ['--lambda-memory 512', ...aggregator({ MemorySize: 512 })],
  [`--alarm-sns-topic ${topic}`, 'AWS::CloudWatch::Alarm', { AlarmName: 'limits-aggregator-duration', AlarmActions: [topic] }],
  ['--lambda-duration-threshold-pct 50', 'AWS::CloudWatch::Alarm', { AlarmName: 'limits-aggregator-duration', Threshold: 30_000 }],
  [`--permission-boundary ${external.replace('role', 'policy')}`, ...role({ RoleName: 'limits-aggr', PermissionsBoundary: external.replace('role', 'policy') })],
  ['--permission-boundary PowerUser', ...role({
    RoleName: 'limits-aggr',
    PermissionsBoundary: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':policy/PowerUser']] },
  })],
  ['--role-name-format pb-{}', ...role({ RoleName: 'pb-limits-aggr' })],
  ['--policy-name-format pb-{}', 'AWS::IAM::ManagedPolicy', { ManagedPolicyName: 'pb-limits-acq' }],
  ['--audit-archive-glacier-days 45', 'AWS::S3::Bucket', {
    LifecycleConfiguration: { Rules: [Match.objectLike({ Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 45 }] })] },
  }],
  ['--enable-tracing', ...aggregator({ TracingConfig: { Mode: 'Active' } })],
  ['--create-iam-roles', ...role({ RoleName: 'limits-app' })],
  ['--enable-iam-roles', ...role({ RoleName: 'limits-app' })],
  [`--aggregator-role-arn ${external}`, ...aggregator({ Role: external })],
  [`--no-iam --aggregator-role-arn ${external}`, ...aggregator({ Role: external })],
  ['--enable-deletion-protection', 'AWS::DynamoDB::Table', { DeletionProtectionEnabled: true }],
  ['-t team=payments --tag stage=prod=1', 'AWS::DynamoDB::Table', { Tags: Match.arrayWith([{ Key: 'stage', Value: 'prod=1' }, { Key: 'team', Value: 'payments' }]) }],
  ['--profile-preset production', ...aggregator({ MemorySize: 512 })],
  ['--profile-preset production --lambda-memory 1024', ...aggregator({ MemorySize: 1024 })],
  ['--profile-preset staging', 'AWS::DynamoDB::Table', { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 } }],
  ['--profile-preset development', 'AWS::Logs::LogGroup', { RetentionInDays: 7 }],
])('deploy %s reaches %s', async (flags, type, properties) => {
  (await templateOf(...flags.split(' ').filter(Boolean))).hasResourceProperties(type, properties);
});

test.each<[flags: string, type: string, properties?: object]>([
  ['--no-aggregator', 'AWS::Lambda::Function', { FunctionName: 'limits-aggregator' }],
  ['--no-alarms', 'AWS::CloudWatch::Alarm'],
  ['--no-audit-archival', 'AWS::S3::Bucket'],
  ['--no-iam', 'AWS::IAM::Role'],
  ['--no-iam', 'AWS::IAM::ManagedPolicy'],
  ['--no-iam', 'AWS::Lambda::Function'],
  ['--no-tracing', 'AWS::Lambda::Function', { TracingConfig: {} }],
  ['--no-create-iam-roles', 'AWS::IAM::Role', { RoleName: 'limits-app' }],
  ['--create-iam-roles --no-iam-roles', 'AWS::IAM::Role', { RoleName: 'limits-app' }],
  ['--no-deletion-protection --profile-preset production', 'AWS::DynamoDB::Table', { DeletionProtectionEnabled: true }],
])('deploy %s leaves out %s', async (flags, type, properties = {}) => {
  const template = await templateOf(...flags.split(' '));

  template.resourcePropertiesCountIs(type, Match.objectLike(properties), 0);
});

test('names outputs and exports as the Python library does', async () => {
  (await templateOf()).hasOutput('TableName', { Export: { Name: 'limits-TableName' } });
});

test.each([
  ['--no-iam --create-iam-roles', /contradict/],
  ['--pitr-recovery-days 36', /from 1 to 35/],
  ['--log-retention-days 31', /must be one of 1, 3, 5/],
  ['--lambda-timeout 901', /from 1 to 900/],
  ['--lambda-memory 127', /from 128 to 3008/],
  ['--lambda-duration-threshold-pct 0', /from 1 to 100/],
  ['--snapshot-windows hourly,weekly', /got 'weekly'/],
  ['--aggregator-role-arn aggregator', /must be an ARN of iam/],
  ['--alarm-sns-topic arn:aws:sqs:us-east-1:123456789012:alarms', /must be an ARN of sns/],
  ['--no-alarms --alarm-sns-topic arn:aws:sns:us-east-1:123456789012:alarms', /no use with --no-alarms/],
  ['--no-aggregator --aggregator-role-arn arn:aws:iam::123456789012:role/a', /no use with --no-aggregator/],
  ['--role-name-format plain', /ROLE_FORMAT_INVALID/],
  ['--tag aws:x=1', /TAGS_INVALID/],
  ['--tag nothing', /KEY=VALUE/],
  ['--profile-preset test', /choices/],
  ['-n a_b', /a_b/],
  ['-n a23456789-123456789-123456789-123456789-123456', /NAME_TOO_LONG/],
])('deploy %s is refused as bad arguments', async (flags, message) => {
  const { code, stdout, stderr } = await invoke(['deploy', '-n', 'limits', '--template-only', ...flags.split(' ')]);

  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
});

test.each([
  ['--no-aggregator --lambda-timeout 30 --lambda-memory 512 --snapshot-windows daily', ['--lambda-timeout', '--lambda-memory', '--snapshot-windows']],
  ['--no-audit-archival --audit-archive-glacier-days 30', ['--audit-archive-glacier-days']],
  ['--no-alarms --lambda-duration-threshold-pct 50', ['--lambda-duration-threshold-pct']],
])('deploy %s says what has no effect', async (flags, idle) => {
  const { warnings } = await invokeJson(['deploy', '-n', 'limits', '--template-only', ...flags.split(' ')]) as { warnings: string[] };

  for (const flag of idle) expect(warnings).toContainEqual(expect.stringMatching(new RegExp(`^${flag} has no effect`)));
});

test('prepares a table as the provisioner does, and again', async () => {
  const client = new DynamoDBClient({});
  const store = new DynamoDbStore(client, await newTable(), { timeoutMs: PATIENCE_MS });
  for (let time = 0; time < 2; time++) await prepareTable({ store }, 30);

  const admin = new Admin({ store, namespaceId: '' });
  expect(await admin.namespaces.list().toArray()).toMatchObject([{ name: 'default', status: 'active' }]);
  expect(await admin.version()).toMatchObject({ schemaVersion: SCHEMA_VERSION, updatedBy: WRITER });
  client.destroy();
});
