import type { Answer } from './recorded-aws';

/** What AWS says of a limiter that is well, for tests on recorded responses. */
export const STACK_ID = 'arn:aws:cloudformation:us-east-1:123456789012:stack/limits/1';

const policy = (name: string): string => `arn:aws:iam::123456789012:policy/${name}`;

export const LIMITER_TAGS = [
  ['ManagedBy', 'zae-limiter'], ['zae-limiter:name', 'limits'], ['zae-limiter:type', 'limiter'], ['zae-limiter:version', '0.1.0'],
  ['zae-limiter:lambda-version', '0.1.0'], ['zae-limiter:schema-version', '0.10.0'],
].map(([Key, Value]) => ({ Key, Value }));

const OUTPUTS = { AcquireOnlyPolicyArn: policy('limits-acq'), FullAccessPolicyArn: policy('limits-full'), ReadOnlyPolicyArn: policy('limits-read') };

export const stack = (StackStatus: string, more: object = {}): Answer => ({ Stacks: [stackData('limits', StackStatus, more)] });

export const stackData = (StackName: string, StackStatus: string, more: object = {}): object => ({
  StackName, StackId: STACK_ID.replace('limits', StackName), StackStatus, CreationTime: '2026-01-15T10:00:00Z', Tags: LIMITER_TAGS,
  Outputs: Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })), ...more,
});

export const resource = (LogicalResourceId: string, ResourceType: string, PhysicalResourceId: string): object =>
  ({ LogicalResourceId, ResourceType, PhysicalResourceId, ResourceStatus: 'CREATE_COMPLETE', LastUpdatedTimestamp: '2026-01-15T10:00:00Z' });

export const VERSION_RECORD = {
  Item: {
    PK: { S: '_/SYSTEM#' }, SK: { S: '#VERSION' }, schema_version: { S: '0.10.0' }, client_min_version: { S: '0.0.0' }, lambda_version: { NULL: true },
    updated_at: { S: '2026-01-15T10:00:00Z' }, updated_by: { S: 'cdk:0.1.0' },
  },
};

export const TABLE = {
  Table: {
    TableName: 'limits', TableStatus: 'ACTIVE', TableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/limits', ItemCount: 1234, TableSizeBytes: 262_144,
    StreamSpecification: { StreamEnabled: true },
  },
};

/** Answers to all that `status` asks. */
export const WELL: Readonly<Record<string, readonly Answer[]>> = {
  DescribeStacks: [stack('UPDATE_COMPLETE')],
  ListStackResources: [{
    StackResourceSummaries: [
      resource('Mapping', 'AWS::Lambda::EventSourceMapping', 'mapping'), resource('Errors', 'AWS::CloudWatch::Alarm', 'limits-errors'),
      resource('Age', 'AWS::CloudWatch::Alarm', 'limits-age'),
    ],
  }],
  DescribeTable: [TABLE],
  GetItem: [VERSION_RECORD],
  DescribeAlarms: [{ MetricAlarms: [{ AlarmName: 'limits-errors', StateValue: 'OK' }, { AlarmName: 'limits-age', StateValue: 'ALARM' }] }],
  DescribeContinuousBackups: [{
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED', RecoveryPeriodInDays: 7 },
    },
  }],
  ListBackups: [{ BackupSummaries: [{ BackupName: 'first', BackupCreationDateTime: 1_768_500_000 }, { BackupName: 'second', BackupCreationDateTime: 1_768_600_000 }] }],
};
