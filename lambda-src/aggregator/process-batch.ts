import type { DynamoDBRecord } from 'aws-lambda';
import { LimiterUnavailableError } from '@zae-limiter/client/core/errors';
import type { Store } from '@zae-limiter/client/store/store';
import type { Logger } from '../shared/logger';
import { parseRecord, type BucketChange } from './parse';
import { groupUsage, writeUsage, type UsageConfig, type UsageGroup } from './usage';

/** What became of a batch. */
export interface BatchSummary {
  readonly processed: number;
  readonly snapshotsUpdated: number;
  readonly duplicatesSkipped: number;
  /** Records, or limits of records, that can never be counted. They are logged and not tried again. */
  readonly poison: number;
  /** Sequence numbers of the records that must be delivered again. */
  readonly failures: readonly string[];
}

/** Snapshots that are written at the same time. */
const CONCURRENCY = 10;

/**
 * Books the usage of a batch of stream records. Safe to repeat with any part of the batch.
 *
 * @param hasTime asked before each write; when it says no, the rest of the batch is reported as failed
 */
export async function processBatch(
  records: readonly DynamoDBRecord[], store: Store, config: UsageConfig, logger: Logger, hasTime: () => boolean = () => true,
): Promise<BatchSummary> {
  const { changes, poison } = parseAll(records, logger);
  const { groups, skipped } = groupUsage(changes, config.windows);
  for (const { sequence, limit } of skipped) {
    logger.error('Error processing record', { sequence, limit, exception: 'the limit is named like an attribute of the usage snapshot' });
  }

  let [snapshotsUpdated, duplicatesSkipped, refused] = [0, 0, 0];
  const failures = new Set<string>();
  await forEach(groups, CONCURRENCY, async (group) => {
    if (!hasTime()) return group.changes.forEach(({ sequence }) => failures.add(sequence));
    try {
      const outcome = await writeUsage(store, group, config.retentionDays);
      if (outcome === 'duplicate') duplicatesSkipped++;
      else snapshotsUpdated++;
    } catch (error) {
      logger.warn('Error updating snapshot', describe(group, error));
      if (isHopeless(error)) refused++;
      else group.changes.forEach(({ sequence }) => failures.add(sequence));
    }
  });
  return {
    processed: records.length, snapshotsUpdated, duplicatesSkipped,
    poison: poison + skipped.length + refused, failures: [...failures],
  };
}

function parseAll(records: readonly DynamoDBRecord[], logger: Logger): { changes: BucketChange[]; poison: number } {
  const changes: BucketChange[] = [];
  let poison = 0;
  for (const record of records) {
    try {
      const change = parseRecord(record);
      if (change !== undefined) changes.push(change);
    } catch (error) {
      poison++;
      logger.error('Error processing record', {
        sequence: record.dynamodb?.SequenceNumber, keys: record.dynamodb?.Keys, exception: String(error),
      });
    }
  }
  return { changes, poison };
}

/**
 * True when another delivery cannot help, because DynamoDB finds the update itself wrong. Anything else is tried again:
 * a missing permission too, since a role that is repaired within the hour loses nothing.
 */
function isHopeless(error: unknown): boolean {
  return error instanceof LimiterUnavailableError && (error.cause as Error | undefined)?.name === 'ValidationException';
}

function describe({ window, start, changes }: UsageGroup, error: unknown): Record<string, unknown> {
  const { namespaceId, entity, resource, shard } = changes[0]!.key;
  return { namespace_id: namespaceId, entity_id: entity, resource, shard_id: shard, window, window_key: start, exception: String(error) };
}

async function forEach<T>(items: readonly T[], concurrency: number, body: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await body(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
