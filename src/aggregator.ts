import { Annotations, Duration, Token, Tokenization } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { leadingKeys } from './access';
import { FunctionOptions } from './function-options';
import { BundledFunction, checkFunctionOptions } from './private/bundled-function';
import { BUCKET_SORT_KEY, SCHEMA_VERSION, SORT_KEY } from './private/table-schema';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';

/** The function that turns the table's stream into usage snapshots. */
export interface AggregatorOptions extends FunctionOptions {
  /**
   * Whether usage is aggregated. Limits work without it.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * How the stream is read.
   *
   * @default - batches of up to 1000 records or 5 seconds
   */
  readonly stream?: StreamOptions;

  /**
   * Whether buckets in use are refilled for Python clients, whose fast path takes only what is stored. Without it they are
   * slower and cost more, and are limited the same.
   *
   * @default - enabled
   */
  readonly refill?: RefillOptions;

  /**
   * When a bucket that is written too fast for one partition gets more shards.
   *
   * @default - at 800 writes a second, up to 32 shards
   */
  readonly sharding?: ShardingOptions;
}

/** Whether buckets are refilled for Python clients. */
export interface RefillOptions {
  /**
   * Whether they are.
   *
   * @default true
   */
  readonly enabled?: boolean;
}

/** When a bucket gets more shards. */
export interface ShardingOptions {
  /**
   * Whether the function doubles the shards of hot buckets. Shards that clients create are brought up to date either way.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * Most shards of a bucket.
   *
   * A power of two, 1 to 256. Clients stop at 32.
   *
   * @default 32
   */
  readonly maxShardCount?: number;

  /**
   * Part of the 1000 writes a second that a partition takes, from which on a shard is hot. Two batches in a row have to be.
   *
   * Range: above 0, up to 1.
   *
   * @default 0.8
   */
  readonly pressureThreshold?: number;

  /**
   * Time after a doubling in which there is no other.
   *
   * Range: 1 to 3600 seconds.
   *
   * @default Duration.seconds(30)
   */
  readonly cooldown?: Duration;
}

/** How the aggregator reads the table's stream. */
export interface StreamOptions {
  /**
   * Most records in a batch. Usage is written once for each entity, resource and window of a batch: the larger the batch, the
   * fewer writes.
   *
   * Range: 1 to 10000.
   *
   * @default 1000
   */
  readonly batchSize?: number;

  /**
   * Longest wait for a batch to fill up. Longer means fewer writes and later usage.
   *
   * Range: 0 to 300 seconds.
   *
   * @default Duration.seconds(5)
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * Times that a record which failed is delivered again before it goes to the dead-letter queue.
   *
   * Range: 0 to 10000, or -1 until it is too old.
   *
   * @default 3
   */
  readonly retryAttempts?: number;

  /**
   * Age at which a record goes to the dead-letter queue. The stream itself keeps records for 24 hours.
   *
   * Range: 60 seconds to 7 days.
   *
   * @default Duration.hours(1)
   */
  readonly maxRecordAge?: Duration;

  /**
   * Whether a batch that failed as a whole is halved and tried again, to find the record that fails it.
   *
   * @default true
   */
  readonly bisectBatchOnError?: boolean;

  /**
   * Batches of one shard that are processed at the same time. The order of one bucket's changes is kept at any value.
   *
   * Range: 1 to 10.
   *
   * @default 1
   */
  readonly parallelizationFactor?: number;

  /**
   * Where a new mapping begins. Changing it replaces the mapping.
   *
   * Nothing is counted twice: a snapshot remembers what it counted.
   *
   * @default StartingPosition.TRIM_HORIZON
   */
  readonly startingPosition?: lambda.StartingPosition;
}

/** Windows that usage is added up in. */
export enum SnapshotWindow {
  /** Clock hours, UTC. */
  HOURLY = 'hourly',
  /** Calendar days, UTC. */
  DAILY = 'daily',
  /** Calendar months, UTC. */
  MONTHLY = 'monthly',
}

/** Time that decides which window usage falls into. */
export enum SnapshotClock {
  /** When DynamoDB recorded the change. */
  STREAM = 'stream',
  /** When the bucket was last refilled, as the Python library's aggregator does it. */
  REFILL = 'rf',
}

/** How snapshots are keyed. Clients read both. */
export enum SnapshotKeyStyle {
  /** Daily and monthly snapshots have keys of their own. */
  SUFFIXED = 'suffixed',
  /** Midnight's hour and the day share a key, as with the Python library's aggregator. */
  LEGACY = 'legacy',
}

/** What the usage snapshots record. */
export interface UsageOptions {
  /**
   * Windows that usage is added up in. Each costs about one write per entity, resource and batch of the stream.
   *
   * @default [SnapshotWindow.HOURLY, SnapshotWindow.DAILY]
   */
  readonly windows?: SnapshotWindow[];

  /**
   * How long a snapshot is kept after its window ended. Changing it affects new snapshots only.
   *
   * Range: 1 to 3650 days.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;

  /**
   * Time that decides which window usage falls into.
   *
   * @default SnapshotClock.STREAM
   */
  readonly clock?: SnapshotClock;

  /**
   * How snapshots are keyed. `LEGACY` only for a table that may go back to the Python library's aggregator.
   *
   * @default SnapshotKeyStyle.SUFFIXED
   */
  readonly keyStyle?: SnapshotKeyStyle;
}

export interface AggregatorProps {
  readonly limiterName: string;
  readonly table: dynamodb.ITable;
  readonly options: AggregatorOptions;
  readonly usage: UsageOptions;
  readonly logRetention: logs.RetentionDays;
  readonly tracing: boolean;
}

/** Days that a stream keeps a record. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
const STREAM_RETENTION = Duration.days(1);

/** The aggregator with everything of its own: function, role, log group, dead-letter queue, event source mapping. */
export class Aggregator extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;
  readonly deadLetterQueue: sqs.Queue;
  readonly eventSourceMapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, { limiterName, table, options, usage, logRetention, tracing }: AggregatorProps) {
    super(scope, id);
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
      queueName: `${limiterName}-aggregator-dlq`,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.minutes(5),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    const bundled = new BundledFunction(this, {
      asset: 'aggregator',
      description: `Adds up the usage of the rate limiter ${limiterName}`,
      functionName: `${limiterName}-aggregator`,
      roleName: `${limiterName}-aggr`,
      options,
      defaultTimeout: Duration.minutes(1),
      logRetention,
      tracing,
      environment: {
        TABLE_NAME: table.tableName,
        SNAPSHOT_WINDOWS: (usage.windows ?? [SnapshotWindow.HOURLY, SnapshotWindow.DAILY]).join(','),
        SNAPSHOT_TTL_DAYS: Tokenization.stringifyNumber((usage.retention ?? Duration.days(90)).toDays()),
        ZAE_LIMITER_SCHEMA_VERSION: SCHEMA_VERSION,
        ...given({
          SNAPSHOT_CLOCK: usage.clock,
          SNAPSHOT_KEY_STYLE: usage.keyStyle,
          REFILL_ENABLED: options.refill?.enabled,
          SHARDING_ENABLED: options.sharding?.enabled,
          MAX_SHARD_COUNT: options.sharding?.maxShardCount,
          SHARD_THRESHOLD: options.sharding?.pressureThreshold,
          SHARD_COOLDOWN_SECONDS: options.sharding?.cooldown?.toSeconds(),
        }),
      },
    });
    this.function = bundled.function;
    this.role = bundled.role;
    this.allow(table);
    this.eventSourceMapping = this.map(table, options.stream ?? {});
  }

  private allow(table: dynamodb.ITable): void {
    const statements = [
      new iam.PolicyStatement({
        sid: 'WriteSnapshotsAndBuckets',
        actions: ['dynamodb:UpdateItem'],
        resources: [table.tableArn],
        conditions: leadingKeys('*/ENTITY#*', '*/BUCKET#*'),
      }),
      new iam.PolicyStatement({
        sid: 'ReadStream',
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [table.tableStreamArn!],
      }),
      // The action knows no resource; the mapping needs it to find the stream's shards.
      new iam.PolicyStatement({ sid: 'ListStreams', actions: ['dynamodb:ListStreams'], resources: ['*'] }),
    ];
    statements.forEach((statement) => this.role.addToPrincipalPolicy(statement));
  }

  private map(table: dynamodb.ITable, stream: StreamOptions): lambda.EventSourceMapping {
    const mapping = new lambda.EventSourceMapping(this, 'EventSource', {
      target: this.function,
      eventSourceArn: table.tableStreamArn!,
      startingPosition: stream.startingPosition ?? lambda.StartingPosition.TRIM_HORIZON,
      batchSize: stream.batchSize ?? 1000,
      maxBatchingWindow: stream.maxBatchingWindow ?? Duration.seconds(5),
      retryAttempts: stream.retryAttempts ?? 3,
      bisectBatchOnError: stream.bisectBatchOnError ?? true,
      parallelizationFactor: stream.parallelizationFactor ?? 1,
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(this.deadLetterQueue),
      // An optimisation only: the function checks every record itself. Snapshot writes never come back as records.
      filters: [lambda.FilterCriteria.filter({
        eventName: lambda.FilterRule.or('INSERT', 'MODIFY'),
        dynamodb: { Keys: { [SORT_KEY]: { S: lambda.FilterRule.isEqual(BUCKET_SORT_KEY) } } },
      })],
    });
    // Set on the resource itself, because the L2 takes a token for a number out of range.
    (mapping.node.defaultChild as lambda.CfnEventSourceMapping).maximumRecordAgeInSeconds = (stream.maxRecordAge ?? Duration.hours(1)).toSeconds();
    return mapping;
  }
}

/** Variables for what is not left to the function's own default. */
function given(settings: { readonly [name: string]: string | number | boolean | undefined }): { [name: string]: string } {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'number' ? Tokenization.stringifyNumber(value) : String(value)]));
}

/** Collects what is wrong with the aggregator's settings. */
export function checkAggregator(problems: Problems, options: AggregatorOptions, usage: UsageOptions): void {
  const { stream = {}, sharding = {} } = options;
  checkFunctionOptions(problems, 'aggregator', options);
  problems.integer('BATCH_RANGE', 'aggregator.stream.batchSize', stream.batchSize, 1, 10_000);
  problems.seconds('BATCH_WINDOW_RANGE', 'aggregator.stream.maxBatchingWindow', stream.maxBatchingWindow, 0, 300);
  problems.integer('RETRY_RANGE', 'aggregator.stream.retryAttempts', stream.retryAttempts, -1, 10_000);
  problems.seconds('RECORD_AGE_RANGE', 'aggregator.stream.maxRecordAge', stream.maxRecordAge, 60, 604_800);
  problems.integer('PARALLEL_RANGE', 'aggregator.stream.parallelizationFactor', stream.parallelizationFactor, 1, 10);
  checkSharding(problems, sharding);
  problems.days('USAGE_RETENTION_RANGE', 'usage.retention', usage.retention, 1, 3650);
  const { windows } = usage;
  const known: string[] = Object.values(SnapshotWindow);
  const valid = windows === undefined
    || (windows.length > 0 && new Set(windows).size === windows.length && windows.every((window) => known.includes(window)));
  if (!valid) {
    problems.add('WINDOWS_INVALID', `usage.windows must hold at least one of ${known.join(', ')} and each once, got ${JSON.stringify(windows)}`);
  }
}

function checkSharding(problems: Problems, { maxShardCount, pressureThreshold, cooldown }: ShardingOptions): void {
  if (maxShardCount !== undefined && !Token.isUnresolved(maxShardCount) && !POWERS_OF_TWO.includes(maxShardCount)) {
    problems.add('SHARD_CAP_INVALID', `aggregator.sharding.maxShardCount must be a power of two from 1 to 256, got ${maxShardCount}`);
  }
  const inRange = pressureThreshold === undefined || Token.isUnresolved(pressureThreshold) || (pressureThreshold > 0 && pressureThreshold <= 1);
  if (!inRange) {
    problems.add('SHARD_THRESHOLD_RANGE', `aggregator.sharding.pressureThreshold must be above 0 and at most 1, got ${pressureThreshold}`);
  }
  problems.seconds('SHARD_COOLDOWN_RANGE', 'aggregator.sharding.cooldown', cooldown, 1, 3600);
}

/** Up to the largest number of shards that a bucket can be told to have. */
const POWERS_OF_TWO: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Warns of settings that are valid but do not do what they say. */
export function warnAboutAggregator(scope: Construct, { stream }: AggregatorOptions): void {
  const age = stream?.maxRecordAge;
  if (age !== undefined && !age.isUnresolved() && age.toSeconds() > STREAM_RETENTION.toSeconds()) {
    Annotations.of(scope).addWarningV2(WARNING.recordAgeBeyondStream,
      `aggregator.stream.maxRecordAge is ${age.toHumanString()}, but a stream keeps records for 24 hours only`);
  }
}
