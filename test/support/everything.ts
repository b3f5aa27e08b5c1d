import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, Architecture, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { SnapshotClock, SnapshotKeyStyle, SnapshotWindow, type ZaeLimiterProps } from '../../src';

const functionOptions = {
  memorySize: 1024,
  timeout: Duration.minutes(2),
  architecture: Architecture.X86_64,
  runtime: Runtime.NODEJS_22_X,
  logRetention: RetentionDays.ONE_YEAR,
  applicationLogLevel: ApplicationLogLevel.WARN,
  reservedConcurrentExecutions: 5,
};

/** Every prop, with a value that is not its default. */
export const everything: Required<ZaeLimiterProps> = {
  limiterName: 'prod',
  table: { reservedLocalIndexes: true },
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
    refill: { enabled: false },
    sharding: { enabled: false, maxShardCount: 8, pressureThreshold: 0.5, cooldown: Duration.minutes(1) },
  },
  provisioner: { ...functionOptions, enabled: true },
  usage: { windows: [SnapshotWindow.MONTHLY], retention: Duration.days(400), clock: SnapshotClock.REFILL, keyStyle: SnapshotKeyStyle.LEGACY },
  audit: { retention: Duration.days(365) },
  logRetention: RetentionDays.ONE_WEEK,
  tracing: true,
  namespaces: ['default', 'tenant-1'],
};
