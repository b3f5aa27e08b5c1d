import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import { flag, fraction, positiveInteger, wordList, word, type Environment } from '../shared/env';
import type { ArchiveScope } from './archive-event';
import type { ShardingConfig } from './sharding';
import type { UsageConfig } from './usage';

/** What the aggregator does with a batch. */
export interface AggregatorConfig {
  readonly usage: UsageConfig;
  /** Whether buckets in use are credited for Python clients. */
  readonly refill: boolean;
  /** Whether hot buckets get more shards, and shards follow their first one up to which number. */
  readonly sharding: ShardingConfig & { readonly enabled: boolean };
  /** Bucket that deleted audit events go to; undefined when they are not kept. */
  readonly archiveBucket: string | undefined;
  /** Which deletions are archived: those of events that expired, or all. */
  readonly archiveScope: ArchiveScope;
}

/** Shards of a bucket that the clients, this function and Python clients create at most. */
const MAX_SHARD_COUNT = 32;

/**
 * Reads the settings from the environment of the function; what is not set has its default.
 *
 * @throws {EnvironmentError} a value is not valid
 */
export function readSettings(env: Environment): AggregatorConfig {
  return {
    usage: {
      windows: wordList(env, 'SNAPSHOT_WINDOWS', USAGE_WINDOWS, ['hourly', 'daily']),
      retentionDays: positiveInteger(env, 'SNAPSHOT_TTL_DAYS', 90),
      clock: word(env, 'SNAPSHOT_CLOCK', ['stream', 'rf'], 'stream'),
      keyStyle: word(env, 'SNAPSHOT_KEY_STYLE', ['suffixed', 'legacy'], 'suffixed'),
    },
    refill: flag(env, 'REFILL_ENABLED', true),
    sharding: {
      enabled: flag(env, 'SHARDING_ENABLED', true),
      maxShardCount: positiveInteger(env, 'MAX_SHARD_COUNT', MAX_SHARD_COUNT),
      threshold: fraction(env, 'SHARD_THRESHOLD', 0.8),
      cooldownSeconds: positiveInteger(env, 'SHARD_COOLDOWN_SECONDS', 30),
    },
    archiveBucket: flag(env, 'ENABLE_ARCHIVAL', false) ? env.ARCHIVE_BUCKET_NAME || undefined : undefined,
    archiveScope: word(env, 'ARCHIVE_SCOPE', ['ttl', 'all'], 'ttl'),
  };
}
