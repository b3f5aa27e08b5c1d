import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { ContributorInsightsMode, TableClass, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, ManagedPolicy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ApplicationLogLevel, Architecture, LoggingFormat, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  AuditArchiveScope, FailureDestination, LimiterBilling, LoggedEntityIds, OutputMode, Profile, ResourceNaming, SnapshotClock, SnapshotKeyStyle,
  SnapshotWindow, type FunctionOptions, type ZaeLimiterProps,
} from '../../src';

const functionOptions: FunctionOptions = {
  memorySize: 1024,
  timeout: Duration.minutes(2),
  architecture: Architecture.X86_64,
  runtime: Runtime.NODEJS_22_X,
  logRetention: RetentionDays.ONE_YEAR,
  applicationLogLevel: ApplicationLogLevel.WARN,
  loggingFormat: LoggingFormat.JSON,
  reservedConcurrentExecutions: 5,
  environment: { OWNER: 'platform' },
};

/** Every prop, with a value that is not its default; what the values need is created in the scope. */
export function everything(scope: Construct): Required<ZaeLimiterProps> {
  const vpc = Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: 'vpc-12345678', availabilityZones: ['a', 'b'],
    privateSubnetIds: ['subnet-12345678', 'subnet-87654321'], privateSubnetRouteTableIds: ['rtb-12345678', 'rtb-87654321'],
  });
  return {
    profile: Profile.staging(),
    limiterName: 'prod',
    naming: ResourceNaming.FIXED,
    table: {
      reservedLocalIndexes: true,
      billing: LimiterBilling.provisioned({ minRead: 5, maxRead: 100, minWrite: 10, maxWrite: 1000, targetUtilizationPercent: 60 }),
      tableClass: TableClass.STANDARD_INFREQUENT_ACCESS,
      warmThroughput: { readUnitsPerSecond: 13_000, writeUnitsPerSecond: 5000 },
      contributorInsights: { enabled: true, mode: ContributorInsightsMode.THROTTLED_KEYS },
      resourcePolicy: new PolicyDocument({
        statements: [new PolicyStatement({ principals: [new AccountPrincipal('210987654321')], actions: ['dynamodb:DescribeTable'], resources: ['*'] })],
      }),
      encryption: TableEncryption.CUSTOMER_MANAGED,
      kinesisStream: Stream.fromStreamArn(scope, 'Changes', `arn:${Aws.PARTITION}:kinesis:${Aws.REGION}:${Aws.ACCOUNT_ID}:stream/changes`),
    },
    encryptionKey: new Key(scope, 'Key', { enableKeyRotation: true }),
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: true,
    pitrRecoveryPeriod: Duration.days(7),
    aggregator: {
      ...functionOptions,
      enabled: true,
      stream: {
        batchSize: 500,
        maxBatchingWindow: Duration.seconds(30),
        retryAttempts: 10,
        maxRecordAge: Duration.hours(12),
        bisectBatchOnError: false,
        parallelizationFactor: 4,
        startingPosition: StartingPosition.LATEST,
      },
      onFailure: FailureDestination.managedQueue({ retentionPeriod: Duration.days(7), visibilityTimeout: Duration.minutes(10) }),
      refill: { enabled: false },
      sharding: { enabled: false, maxShardCount: 8, pressureThreshold: 0.5, cooldown: Duration.minutes(1) },
      logEntityIds: LoggedEntityIds.HASH,
    },
    provisioner: { ...functionOptions, enabled: true },
    usage: { windows: [SnapshotWindow.MONTHLY], retention: Duration.days(400), clock: SnapshotClock.REFILL, keyStyle: SnapshotKeyStyle.LEGACY },
    audit: {
      retention: Duration.days(365),
      archive: {
        enabled: true,
        scope: AuditArchiveScope.ALL_DELETES,
        glacierTransition: Duration.days(30),
        expiration: Duration.days(2555),
        removalPolicy: RemovalPolicy.RETAIN,
        versioned: true,
        objectLockRetention: ObjectLockRetention.governance(Duration.days(365)),
        serverAccessLogsBucket: Bucket.fromBucketName(scope, 'AccessLogs', 'access-logs'),
      },
    },
    iam: {
      createResources: true,
      createRoles: true,
      createNamespacePolicies: true,
      roleNameFormat: 'Limits-{}',
      policyNameFormat: 'Limits-{}',
      permissionsBoundary: ManagedPolicy.fromManagedPolicyName(scope, 'Boundary', 'boundary'),
      assumedBy: new AccountPrincipal('210987654321'),
      namespaceTagKey: 'tenant',
    },
    logRetention: RetentionDays.ONE_WEEK,
    tracing: true,
    alarms: {
      enabled: true,
      topic: Topic.fromTopicArn(scope, 'OnCall', `arn:${Aws.PARTITION}:sns:${Aws.REGION}:${Aws.ACCOUNT_ID}:on-call`),
      actions: [{ bind: () => ({ alarmActionArn: `arn:${Aws.PARTITION}:sns:${Aws.REGION}:${Aws.ACCOUNT_ID}:tickets` }) }],
      notifyOnOk: true,
      durationThresholdPercent: 50,
      aggregatorErrors: {
        threshold: 5, period: Duration.minutes(1), evaluationPeriods: 3, datapointsToAlarm: 2, treatMissingData: TreatMissingData.MISSING,
      },
      aggregatorThrottles: { enabled: true },
      systemErrors: { enabled: true },
    },
    dashboard: { enabled: true, dashboardName: 'limits', defaultInterval: Duration.days(1) },
    savedQueries: true,
    network: { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-12345678')] },
    namespaces: ['default', 'tenant-1'],
    outputs: OutputMode.EXPORTS,
    ssmParameters: true,
    discoveryTags: false,
    tags: { team: 'platform' },
    backup: { deleteAfter: Duration.days(7) },
    budget: { monthlyLimitUsd: 50, emails: ['ops@example.com'] },
    availabilityProbe: { ...functionOptions, interval: Duration.minutes(5) },
    cloudTrail: { alarms: true },
  };
}
