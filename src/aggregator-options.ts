import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { FailureDestination } from './failure-destination';
import { FunctionOptions } from './function-options';

/** The function that turns the table's stream into usage snapshots. */
export interface AggregatorOptions extends FunctionOptions {
  /**
   * Whether usage is aggregated. Limits work without it.
   *
   * @default - true, unless it can have no role because nothing is created in IAM
   */
  readonly enabled?: boolean;

  /**
   * How the stream is read.
   *
   * @default - batches of up to 1000 records or 5 seconds
   */
  readonly stream?: StreamOptions;

  /**
   * Where records go that failed in all their attempts.
   *
   * @default FailureDestination.managedQueue()
   */
  readonly onFailure?: FailureDestination;

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

  /**
   * Whether the log shows entity ids as they are, or hashed because they are personal data.
   *
   * @default LoggedEntityIds.PLAIN
   */
  readonly logEntityIds?: LoggedEntityIds;
}

/** How entity ids are shown in the log. */
export enum LoggedEntityIds {
  /** As they are. */
  PLAIN = 'plain',
  /** As part of their SHA-256: one can still be looked for, but not read. */
  HASH = 'hash',
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
   * Where a new mapping begins. It cannot change while the mapping is there: deploy once with the aggregator disabled.
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
