import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ApplicationLogLevel, Architecture, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import { readSettings } from '../lambda-src/aggregator/settings';
import { isLogLevel } from '../lambda-src/shared/logger';
import table from '../spec/table.json';
import {
  AuditArchiveScope,
  SnapshotClock, SnapshotKeyStyle, SnapshotWindow, ZaeLimiter, type AggregatorOptions, type StreamOptions, type ZaeLimiterProps,
} from '../src';

function synth(props?: ZaeLimiterProps) {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', props);
  return Template.fromStack(stack);
}

const FUNCTION = 'AWS::Lambda::Function';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const QUEUE = 'AWS::SQS::Queue';
const NAME = 'app-aggregator';

const idOf = (template: Template, type: string, properties: object = {}): string =>
  Object.keys(template.findResources(type, { Properties: properties }))[0]!;
const tableAttribute = (template: Template, attribute: string) => ({ 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table'), attribute] });
const queueArn = (template: Template) => ({ 'Fn::GetAtt': [idOf(template, QUEUE), 'Arn'] });

describe('function', () => {
  test('has these properties by default', () => {
    const template = synth();

    template.hasResourceProperties(FUNCTION, {
      FunctionName: NAME,
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: 60,
      ReservedConcurrentExecutions: Match.absent(),
      Role: { 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', { RoleName: 'app-aggr' }), 'Arn'] },
      LoggingConfig: {
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        LogGroup: { Ref: idOf(template, 'AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}` }) },
      },
    });
  });

  test('reads its settings from these variables and no others', () => {
    const template = synth();

    const [aggregator] = Object.values(template.findResources(FUNCTION, { Properties: { FunctionName: NAME } }));
    expect(aggregator!.Properties.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: idOf(template, 'AWS::DynamoDB::Table') },
      SNAPSHOT_WINDOWS: 'hourly,daily',
      SNAPSHOT_TTL_DAYS: '90',
      ZAE_LIMITER_SCHEMA_VERSION: table.schemaVersion,
      ENABLE_ARCHIVAL: 'true',
      ARCHIVE_BUCKET_NAME: { Ref: idOf(template, 'AWS::S3::Bucket') },
      LOG_LEVEL: 'INFO',
    });
  });

  test.each<[string, AggregatorOptions, object]>([
    ['memorySize', { memorySize: 512 }, { MemorySize: 512 }],
    ['timeout', { timeout: Duration.minutes(3) }, { Timeout: 180 }],
    ['architecture', { architecture: Architecture.X86_64 }, { Architectures: ['x86_64'] }],
    ['runtime', { runtime: Runtime.NODEJS_22_X }, { Runtime: 'nodejs22.x' }],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 2 }, { ReservedConcurrentExecutions: 2 }],
    ['applicationLogLevel', { applicationLogLevel: ApplicationLogLevel.DEBUG },
      { LoggingConfig: { ApplicationLogLevel: 'DEBUG' }, Environment: { Variables: { LOG_LEVEL: 'DEBUG' } } }],
  ])('takes %s', (_, aggregator, expected) => {
    const template = synth({ aggregator });

    template.hasResourceProperties(FUNCTION, { FunctionName: NAME, ...expected });
  });

  test.each<[string, ZaeLimiterProps['usage'], object]>([
    ['windows', { windows: [SnapshotWindow.MONTHLY, SnapshotWindow.HOURLY] }, { SNAPSHOT_WINDOWS: 'monthly,hourly' }],
    ['retention', { retention: Duration.days(400) }, { SNAPSHOT_TTL_DAYS: '400' }],
  ])('takes usage.%s', (_, usage, variables) => {
    const template = synth({ usage });

    template.hasResourceProperties(FUNCTION, { FunctionName: NAME, Environment: { Variables: variables } });
  });

  test('its code reads every setting as it is given', () => {
    const template = synth({
      aggregator: {
        refill: { enabled: false },
        sharding: { enabled: false, maxShardCount: 64, pressureThreshold: 0.55, cooldown: Duration.minutes(2) },
      },
      audit: { archive: { scope: AuditArchiveScope.ALL_DELETES } },
      usage: { windows: [SnapshotWindow.MONTHLY], retention: Duration.days(7), clock: SnapshotClock.REFILL, keyStyle: SnapshotKeyStyle.LEGACY },
    });

    const [aggregator] = Object.values(template.findResources(FUNCTION, { Properties: { FunctionName: NAME } }));
    expect(readSettings(aggregator!.Properties.Environment.Variables)).toEqual({
      usage: { windows: ['monthly'], retentionDays: 7, clock: 'rf', keyStyle: 'legacy' },
      refill: false,
      sharding: { enabled: false, maxShardCount: 64, threshold: 0.55, cooldownSeconds: 120 },
      archiveBucket: { Ref: expect.stringContaining('ArchiveBucket') },
      archiveScope: 'all',
    });
  });

  test('its code does by default what the props say', () => {
    const [aggregator] = Object.values(synth().findResources(FUNCTION, { Properties: { FunctionName: NAME } }));

    expect(readSettings(aggregator!.Properties.Environment.Variables)).toEqual({
      usage: { windows: ['hourly', 'daily'], retentionDays: 90, clock: 'stream', keyStyle: 'suffixed' },
      refill: true,
      sharding: { enabled: true, maxShardCount: 32, threshold: 0.8, cooldownSeconds: 30 },
      archiveBucket: { Ref: expect.stringContaining('ArchiveBucket') },
      archiveScope: 'ttl',
    });
  });

  test('its code knows every window that can be asked for', () => {
    expect([...USAGE_WINDOWS].sort()).toEqual(Object.values(SnapshotWindow).sort());
  });

  test.each(Object.values(ApplicationLogLevel))('its code starts with the log level %s', (level) => {
    const template = synth({ aggregator: { applicationLogLevel: level } });

    const [aggregator] = Object.values(template.findResources(FUNCTION, { Properties: { FunctionName: NAME } }));
    // Metrics are log lines without a level, which Lambda takes for INFO.
    expect(aggregator!.Properties.LoggingConfig.ApplicationLogLevel).toBe(['TRACE', 'DEBUG'].includes(level) ? level : 'INFO');
    expect(isLogLevel(aggregator!.Properties.Environment.Variables.LOG_LEVEL)).toBe(true);
  });
});

describe('tracing', () => {
  const traced = (template: Template) => Object.values(template.findResources(FUNCTION)).map(({ Properties }) => ({
    mode: Properties.TracingConfig?.Mode, variable: Properties.Environment.Variables.TRACING_ENABLED,
  }));
  const xrayActions = (template: Template) => Object.values(template.findResources('AWS::IAM::Policy')).map(({ Properties }) =>
    Properties.PolicyDocument.Statement.flatMap(({ Action }: { Action: string | string[] }) => Action).filter((action: string) => action.startsWith('xray:')));

  test('F-36: is off by default, and on with the permission to send and with code that shows its calls', () => {
    const [off, on] = [synth(), synth({ tracing: true })];

    expect(traced(off)).toEqual(Array(2).fill({ mode: undefined, variable: undefined }));
    expect(xrayActions(off)).toEqual([[], []]);
    expect(traced(on)).toEqual(Array(2).fill({ mode: 'Active', variable: 'true' }));
    expect(xrayActions(on)).toEqual(Array(2).fill(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']));
  });
});

describe('log group', () => {
  test.each<[string, ZaeLimiterProps, number]>([
    ['a month by default', {}, 30],
    ['as long as the logs of the limiter', { logRetention: RetentionDays.ONE_WEEK }, 7],
    ['as long as its own setting says', { logRetention: RetentionDays.ONE_WEEK, aggregator: { logRetention: RetentionDays.ONE_YEAR } }, 365],
  ])('keeps its log %s', (_, props, days) => {
    const template = synth(props);

    template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}`, RetentionInDays: days });
  });
});

describe('role', () => {
  test('F-46: may write its own log, read the stream, book usage and report failures, nothing else', () => {
    const template = synth();

    const roleId = idOf(template, 'AWS::IAM::Role', { RoleName: 'app-aggr' });
    const [role] = Object.values(template.findResources('AWS::IAM::Role', { Properties: { RoleName: 'app-aggr' } }));
    expect(role!.Properties.ManagedPolicyArns).toBeUndefined();
    const policies = Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: roleId }] } }));
    expect(policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}` }), 'Arn'] },
      },
      {
        Sid: 'WriteSnapshotsAndBuckets',
        Effect: 'Allow',
        Action: 'dynamodb:UpdateItem',
        Resource: tableAttribute(template, 'Arn'),
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*/ENTITY#*', '*/BUCKET#*'] },
          'Null': { 'dynamodb:LeadingKeys': 'false' },
        },
      },
      {
        Sid: 'ReadStream',
        Effect: 'Allow',
        Action: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        Resource: tableAttribute(template, 'StreamArn'),
      },
      { Sid: 'ListStreams', Effect: 'Allow', Action: 'dynamodb:ListStreams', Resource: '*' },
      { Sid: 'SendFailures', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn(template) },
      {
        Sid: 'ArchiveAudit', Effect: 'Allow', Action: 's3:PutObject',
        Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [idOf(template, 'AWS::S3::Bucket'), 'Arn'] }, '/audit/*']] },
      },
    ]);
  });

  test('can be assumed by Lambda only', () => {
    const template = synth();

    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'app-aggr',
      AssumeRolePolicyDocument: { Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }] },
    });
  });

  test('has its permissions before the stream is read', () => {
    const template = synth();

    const [policyId] = Object.keys(template.findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', { RoleName: 'app-aggr' }) }] },
    }));
    template.hasResource(FUNCTION, { Properties: { FunctionName: NAME }, DependsOn: Match.arrayWith([policyId]) });
    template.hasResourceProperties(MAPPING, { FunctionName: { Ref: idOf(template, FUNCTION, { FunctionName: NAME }) } });
  });
});

describe('dead-letter queue', () => {
  test('F-39: is encrypted and keeps its messages for 14 days', () => {
    const template = synth();

    template.hasResource(QUEUE, {
      DeletionPolicy: 'Delete',
      Properties: { QueueName: `${NAME}-dlq`, SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 },
    });
  });

  test('F-39: refuses calls without TLS', () => {
    const template = synth();

    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: idOf(template, QUEUE) }],
      PolicyDocument: {
        Statement: [{
          Effect: 'Deny', Action: 'sqs:*', Principal: { AWS: '*' }, Resource: queueArn(template),
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }],
      },
    });
  });
});

/** Deletions of audit events by DynamoDB itself. */
const EXPIRED_EVENTS = JSON.stringify({
  eventName: ['REMOVE'],
  dynamodb: { Keys: { SK: { S: [{ prefix: '#AUDIT#' }] } } },
  userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
});

describe('event source mapping', () => {
  test('has these properties by default; F-40: it begins with the oldest record', () => {
    const template = synth();

    const [mapping] = Object.values(template.findResources(MAPPING));
    expect(mapping!.Properties).toEqual({
      EventSourceArn: tableAttribute(template, 'StreamArn'),
      FunctionName: { Ref: idOf(template, FUNCTION, { FunctionName: NAME }) },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 5,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 3600,
      BisectBatchOnFunctionError: true,
      ParallelizationFactor: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: queueArn(template) } },
      FilterCriteria: {
        Filters: [{ Pattern: '{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"SK":{"S":["#STATE"]}}}}' }, { Pattern: EXPIRED_EVENTS }],
      },
      Tags: [{ Key: 'Application', Value: 'zae-limiter' }],
    });
  });

  test.each<[string, StreamOptions, object]>([
    ['batchSize', { batchSize: 500 }, { BatchSize: 500 }],
    ['maxBatchingWindow', { maxBatchingWindow: Duration.minutes(1) }, { MaximumBatchingWindowInSeconds: 60 }],
    ['maxBatchingWindow of nothing', { maxBatchingWindow: Duration.seconds(0) }, { MaximumBatchingWindowInSeconds: 0 }],
    ['retryAttempts', { retryAttempts: 10 }, { MaximumRetryAttempts: 10 }],
    ['retryAttempts without end', { retryAttempts: -1 }, { MaximumRetryAttempts: -1 }],
    ['maxRecordAge', { maxRecordAge: Duration.hours(2) }, { MaximumRecordAgeInSeconds: 7200 }],
    ['bisectBatchOnError', { bisectBatchOnError: false }, { BisectBatchOnFunctionError: false }],
    ['parallelizationFactor', { parallelizationFactor: 10 }, { ParallelizationFactor: 10 }],
    ['startingPosition', { startingPosition: StartingPosition.LATEST }, { StartingPosition: 'LATEST' }],
  ])('takes stream.%s', (_, stream, expected) => {
    const template = synth({ aggregator: { stream } });

    template.hasResourceProperties(MAPPING, expected);
  });
});
