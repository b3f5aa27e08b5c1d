import { Annotations, ArnComponents, Duration, Token, Tokenization } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { leadingKeys } from './access';
import { AggregatorOptions, ShardingOptions, SnapshotWindow, StreamOptions, UsageOptions } from './aggregator-options';
import { archiving, AuditArchiveScope } from './audit-archive';
import { FailureDestination } from './failure-destination';
import { BundledFunction, checkFunctionOptions, FunctionSurroundings, knownArn } from './private/bundled-function';
import { keyUse, serviceIn } from './private/encryption';
import { BUCKET_SORT_KEY, SCHEMA_VERSION, SORT_KEY } from './private/table-schema';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';

export interface AggregatorProps extends FunctionSurroundings {
  readonly table: dynamodb.Table;
  readonly options: AggregatorOptions;
  readonly usage: UsageOptions;
  readonly role?: iam.IRole;
  /** Bucket that audit events go to when they are deleted. */
  readonly archive?: { readonly bucket: s3.IBucket; readonly scope?: AuditArchiveScope };
}

/** Days that a stream keeps a record. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
const STREAM_RETENTION = Duration.days(1);

/** The aggregator with everything of its own: function, role, log group, dead-letter queue, event source mapping. */
export class Aggregator extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.IRole;
  /** Everything that the role has to allow. */
  readonly policyDocument: iam.PolicyDocument;
  /** The queue that failed records go to; undefined when they go somewhere else. */
  readonly deadLetterQueue?: sqs.IQueue;
  readonly eventSourceMapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, props: AggregatorProps) {
    super(scope, id);
    const { limiterName, names, table, options, usage, archive } = props;
    const queueName = names.of('aggregator-dlq');
    const known = (components: ArnComponents): string | undefined => knownArn(this, { externalRole: props.role, names }, components);
    const destination = (options.onFailure ?? FailureDestination.managedQueue())._bind(this, {
      queueName, knownArn: known({ service: 'sqs', resource: queueName! }), encryptionKey: props.encryptionKey,
    });
    this.deadLetterQueue = destination.queue;
    const bundled = new BundledFunction(this, {
      ...props,
      asset: 'aggregator',
      description: `Adds up the usage of the rate limiter ${limiterName}`,
      suffix: 'aggregator',
      roleComponent: 'aggr',
      defaultTimeout: AGGREGATOR_TIMEOUT,
      externalRole: props.role,
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
          LOG_ENTITY_IDS: options.logEntityIds,
          ENABLE_ARCHIVAL: archive && true,
          ARCHIVE_BUCKET_NAME: archive?.bucket.bucketName,
          ARCHIVE_SCOPE: archive?.scope,
        }),
      },
    });
    this.function = bundled.function;
    this.role = bundled.role;
    this.policyDocument = bundled.policyDocument;
    const tableArn = known({ service: 'dynamodb', resource: 'table', resourceName: limiterName });
    const streamArn = tableArn && `${tableArn}/stream/*`;
    bundled.allow(...tableStatements(tableArn ?? table.tableArn, streamArn ?? table.tableStreamArn!), ...destination.statements);
    if (archive !== undefined) bundled.allow(archiving(archive.bucket));
    bundled.allow(...this.keyStatements([
      { key: table.encryptionKey, service: 'dynamodb' }, { key: archive?.bucket.encryptionKey, service: 's3' }, { ...destination.key },
    ]));
    this.eventSourceMapping = this.map(table, options.stream ?? {}, destination.arn, archive && (archive.scope ?? AuditArchiveScope.TTL_ONLY));
  }

  /** One statement for each key, however many services use it. */
  private keyStatements(uses: { readonly key?: kms.IKey; readonly service?: string }[]): iam.PolicyStatement[] {
    const keys = [...new Set(uses.flatMap(({ key }) => key ?? []))];
    return keys.map((key, at) => {
      const services = uses.filter((use) => use.key === key).map(({ service }) => serviceIn(this, service!));
      const statement = keyUse(key, 'write', services);
      if (at > 0) statement.sid = `UseKey${at + 1}`;
      return statement;
    });
  }

  private map(table: dynamodb.ITable, stream: StreamOptions, destination: string | undefined, scope: AuditArchiveScope | undefined) {
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
      onFailure: destination === undefined ? undefined : { bind: () => ({ destination }) },
      filters: [BUCKET_CHANGES, ...(scope === undefined ? [] : [AUDIT_DELETIONS[scope]])],
    });
    // Set on the resource itself, because the L2 takes a token for a number out of range.
    (mapping.node.defaultChild as lambda.CfnEventSourceMapping).maximumRecordAgeInSeconds = (stream.maxRecordAge ?? Duration.hours(1)).toSeconds();
    return mapping;
  }
}

/** Longest run of the aggregator unless another one is set. */
export const AGGREGATOR_TIMEOUT = Duration.minutes(1);

// Filters are an optimisation only: the function checks every record itself. Snapshot writes never come back as records.
const BUCKET_CHANGES = lambda.FilterCriteria.filter({
  eventName: lambda.FilterRule.or('INSERT', 'MODIFY'),
  dynamodb: { Keys: { [SORT_KEY]: { S: lambda.FilterRule.isEqual(BUCKET_SORT_KEY) } } },
});
const AUDIT_DELETION = { eventName: lambda.FilterRule.isEqual('REMOVE'), dynamodb: { Keys: { [SORT_KEY]: { S: lambda.FilterRule.beginsWith('#AUDIT#') } } } };
const AUDIT_DELETIONS: Readonly<Record<AuditArchiveScope, { [key: string]: unknown }>> = {
  [AuditArchiveScope.TTL_ONLY]: lambda.FilterCriteria.filter({
    ...AUDIT_DELETION,
    userIdentity: { type: lambda.FilterRule.isEqual('Service'), principalId: lambda.FilterRule.isEqual('dynamodb.amazonaws.com') },
  }),
  [AuditArchiveScope.ALL_DELETES]: lambda.FilterCriteria.filter(AUDIT_DELETION),
};

const tableStatements = (tableArn: string, streamArn: string): iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    sid: 'WriteSnapshotsAndBuckets',
    actions: ['dynamodb:UpdateItem'],
    resources: [tableArn],
    conditions: leadingKeys('*/ENTITY#*', '*/BUCKET#*'),
  }),
  new iam.PolicyStatement({
    sid: 'ReadStream',
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    resources: [streamArn],
  }),
  // The action knows no resource; the mapping needs it to find the stream's shards.
  new iam.PolicyStatement({ sid: 'ListStreams', actions: ['dynamodb:ListStreams'], resources: ['*'] }),
];

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
