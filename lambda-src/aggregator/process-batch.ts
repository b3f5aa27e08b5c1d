import type { DynamoDBRecord } from 'aws-lambda';
import type { Clock } from '@zae-limiter/client/core/clock';
import { LimiterUnavailableError } from '@zae-limiter/client/core/errors';
import { pk } from '@zae-limiter/client/schema/keys';
import type { Store } from '@zae-limiter/client/store/store';
import { forEach } from '../shared/for-each';
import type { Logger } from '../shared/logger';
import { archive, type ArchiveStore } from './archive';
import { parseRecord, type BucketChange } from './parse';
import { propagate, propagationOf, type Propagation } from './propagate';
import { refillOf } from './refill';
import type { AggregatorConfig } from './settings';
import type { WritePressure } from './sharding';
import { groupUsage, writeUsage, type UsageGroup } from './usage';

/** What became of a batch. */
export interface BatchSummary {
  readonly processed: number;
  readonly snapshotsUpdated: number;
  readonly duplicatesSkipped: number;
  readonly refillsWritten: number;
  readonly shardsDoubled: number;
  /** Shards that were created or learned a new count. */
  readonly shardsPropagated: number;
  /** Times that only the cap kept a hot bucket from more shards. */
  readonly shardCapReached: number;
  /** Buckets that some client gave more shards than the cap. */
  readonly shardCapExceeded: number;
  /** Deleted audit events that were stored. */
  readonly eventsArchived: number;
  /** Objects that they were stored in. */
  readonly objectsCreated: number;
  /** Records, or limits of records, that can never be counted. They are logged and not tried again. */
  readonly poison: number;
  /** Sequence numbers of the records that must be delivered again. */
  readonly failures: readonly string[];
}

/** What a batch is processed with. */
export interface BatchTools {
  readonly store: Store;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Kept between batches. */
  readonly pressure: WritePressure;
  /** Where audit events go that are deleted from the table. @default they are gone */
  readonly archive?: ArchiveStore;
  /** Asked before each piece of work; once it says no, the rest of the batch is reported as failed. @default there is time */
  readonly hasTime?: () => boolean;
}

/** Writes that run at the same time. */
const CONCURRENCY = 10;

type Counters = { -readonly [K in keyof Omit<BatchSummary, 'failures'>]: BatchSummary[K] };

/** A piece of work that must be done, now or after another delivery of its records. */
interface Job {
  readonly changes: readonly BucketChange[];
  /** What is logged when it fails. */
  readonly failure: string;
  readonly fields: Readonly<Record<string, unknown>>;
  run(): Promise<void>;
}

/**
 * Processes a batch of stream records. Safe to repeat with any part of the batch.
 *
 * Usage, propagation and the archive are work that must be done: records whose work failed are reported. A refill or a doubling is help
 * that the next batch can give as well: when it fails, it is logged.
 */
export async function processBatch(records: readonly DynamoDBRecord[], tools: BatchTools, config: AggregatorConfig): Promise<BatchSummary> {
  const { logger, hasTime = () => true } = tools;
  const counters: Counters = {
    processed: records.length, snapshotsUpdated: 0, duplicatesSkipped: 0, refillsWritten: 0, shardsDoubled: 0, shardsPropagated: 0,
    shardCapReached: 0, shardCapExceeded: 0, eventsArchived: 0, objectsCreated: 0, poison: 0,
  };
  const changes = parseAll(records, logger, counters);
  const failures = new Set<string>();
  const jobs = [...usageJobs(changes, tools, config, counters), ...propagationJobs(changes, tools, config, counters)];
  let postponed = 0;
  await forEach(jobs, CONCURRENCY, async ({ changes: involved, failure, fields, run }) => {
    const again = (): void => involved.forEach(({ sequence }) => failures.add(sequence));
    if (!hasTime()) {
      postponed++;
      return again();
    }
    try {
      await run();
    } catch (error) {
      logger.warn(failure, { ...fields, exception: String(error) });
      if (isHopeless(error)) counters.poison++;
      else again();
    }
  });
  if (postponed > 0) logger.warn('Time is up, the rest is left to the next delivery', { postponed });
  await archiveEvents(records, tools, config, counters, failures);
  await forEach([...byShard(changes).values()], CONCURRENCY, async (shard) => {
    if (!hasTime()) return;
    await attempt(tools, shard, 'Error refilling bucket', async () => refill(shard, tools, config, counters));
    await attempt(tools, shard, 'Error doubling shards', async () => measure(shard, tools, config, counters));
  });
  // In the time of the stream, which may lag behind the clock.
  if (changes.length > 0) tools.pressure.forget(Math.max(...changes.map(({ createdAt }) => createdAt)));
  return { ...counters, failures: [...failures] };
}

function parseAll(records: readonly DynamoDBRecord[], logger: Logger, counters: Counters): BucketChange[] {
  return records.flatMap((record) => {
    try {
      const change = parseRecord(record);
      return change === undefined ? [] : [change];
    } catch (error) {
      counters.poison++;
      logger.error('Error processing record', {
        sequence: record.dynamodb?.SequenceNumber, keys: record.dynamodb?.Keys, exception: String(error),
      });
      return [];
    }
  });
}

function usageJobs(changes: readonly BucketChange[], { store, logger }: BatchTools, { usage }: AggregatorConfig, counters: Counters): Job[] {
  const { groups, skipped } = groupUsage(changes, usage);
  for (const { sequence, limit } of skipped) {
    counters.poison++;
    logger.error('Error processing record', { sequence, limit, exception: 'the limit is named like an attribute of the usage snapshot' });
  }
  return groups.map((group) => ({
    changes: group.changes,
    failure: 'Error updating snapshot',
    fields: describeGroup(group),
    async run() {
      const outcome = await writeUsage(store, group, usage);
      counters[outcome === 'duplicate' ? 'duplicatesSkipped' : 'snapshotsUpdated']++;
      logger.debug('Snapshot updated', { ...describeGroup(group), outcome });
    },
  }));
}

function propagationJobs(
  changes: readonly BucketChange[], { store, logger, hasTime }: BatchTools, { sharding }: AggregatorConfig, counters: Counters,
): Job[] {
  const propagations = changes.map(propagationOf).filter((found): found is Propagation => found !== undefined);
  return propagations.map((propagation) => {
    const { change, from, to } = propagation;
    const fields = { ...describe(change), old_count: from, new_count: to };
    if (to > sharding.maxShardCount) {
      counters.shardCapExceeded++;
      logger.error('Shard count is above the cap', { ...fields, max_shard_count: sharding.maxShardCount });
    }
    return {
      changes: [change],
      failure: 'Error propagating shard count',
      fields,
      async run() {
        const written = await propagate(store, propagation, sharding.maxShardCount, hasTime);
        counters.shardsPropagated += written;
        logger.info('Shard count propagated', { ...fields, shards_updated: written });
      },
    };
  });
}

async function archiveEvents(
  records: readonly DynamoDBRecord[], { archive: store, logger, hasTime }: BatchTools, { archiveScope }: AggregatorConfig,
  counters: Counters, failed: Set<string>,
): Promise<void> {
  if (store === undefined) return;
  const { archived, objects, failures } = await archive(records, store, archiveScope, hasTime);
  counters.eventsArchived = archived;
  counters.objectsCreated = objects;
  for (const { key, sequenceNumbers, error } of failures) {
    logger.warn('Error creating S3 object', { key, events_count: sequenceNumbers.length, exception: String(error) });
    sequenceNumbers.forEach((sequence) => failed.add(sequence));
  }
}

async function refill(
  shard: readonly BucketChange[], { store, clock, logger }: BatchTools, config: AggregatorConfig, counters: Counters,
): Promise<void> {
  const update = config.refill ? refillOf(shard, clock.now()) : undefined;
  if (update === undefined) return;
  const { applied } = await store.update(update);
  if (applied) counters.refillsWritten++;
  logger.debug(applied ? 'Bucket refilled' : 'Refill skipped - the bucket was refilled meanwhile', describe(shard[0]!));
}

async function measure(
  shard: readonly BucketChange[], { store, pressure, logger }: BatchTools, config: AggregatorConfig, counters: Counters,
): Promise<void> {
  const measured = config.sharding.enabled ? pressure.measure(shard) : undefined;
  if (measured === undefined) return;
  const { update, shardCount, writesPerSecond, capped } = measured;
  const fields = { ...describe(shard[0]!), writes_per_second: Math.round(writesPerSecond) };
  if (capped) {
    counters.shardCapReached++;
    logger.warn('Shard count is at the cap', { ...fields, shard_count: shardCount });
  }
  if (update === undefined || !(await store.update(update)).applied) return;
  pressure.doubled(shard.at(-1)!, 2 * shardCount);
  counters.shardsDoubled++;
  logger.info('Proactive shard doubling', { ...fields, old_count: shardCount, new_count: 2 * shardCount });
}

async function attempt({ logger }: BatchTools, shard: readonly BucketChange[], failure: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn(failure, { ...describe(shard[0]!), exception: String(error) });
  }
}

/** Changes of each shard, in the order of the stream. */
function byShard(changes: readonly BucketChange[]): Map<string, BucketChange[]> {
  const shards = new Map<string, BucketChange[]>();
  for (const change of changes) {
    const id = pk.bucket(change.key);
    const known = shards.get(id);
    if (known === undefined) shards.set(id, [change]);
    else known.push(change);
  }
  return shards;
}

/**
 * True when another delivery cannot help, because DynamoDB finds the update itself wrong. Anything else is tried again:
 * a missing permission too, since a role that is repaired within the hour loses nothing.
 */
function isHopeless(error: unknown): boolean {
  return error instanceof LimiterUnavailableError && (error.cause as Error | undefined)?.name === 'ValidationException';
}

function describe({ key: { namespaceId, entity, resource, shard } }: BucketChange): Record<string, unknown> {
  return { namespace_id: namespaceId, entity_id: entity, resource, shard_id: shard };
}

function describeGroup({ window, start, changes }: UsageGroup): Record<string, unknown> {
  return { ...describe(changes[0]!), window, window_key: start };
}
