import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { logLevel, positiveInteger, requiredText, wordList } from '../shared/env';
import { Logger } from '../shared/logger';
import { processBatch } from './process-batch';

// Read at cold start, so that a wrong setting shows in the first invocation and not in the first record that needs it.
const tableName = requiredText(process.env, 'TABLE_NAME');
const config = {
  windows: wordList(process.env, 'SNAPSHOT_WINDOWS', USAGE_WINDOWS, ['hourly', 'daily']),
  retentionDays: positiveInteger(process.env, 'SNAPSHOT_TTL_DAYS', 90),
};
const logger = new Logger('aggregator', logLevel(process.env));
logger.debug('Cold start', { table_name: tableName, schema_version: process.env.ZAE_LIMITER_SCHEMA_VERSION, ...config });
// What the store repeats is safe to repeat, what the SDK repeats may not be. A batch has time for a slow answer.
const store = new DynamoDbStore(new DynamoDBClient({ maxAttempts: 1 }), tableName, { timeoutMs: 5000 });

/** Time kept to report what was not done, as a part of the whole and at least. */
const REPORT_SHARE = 0.1;
const MIN_REPORT_MS = 5000;

function timeLeft(context?: Context): () => boolean {
  if (context === undefined) return () => true;
  const total = context.getRemainingTimeInMillis();
  const kept = Math.min(total / 2, Math.max(MIN_REPORT_MS, total * REPORT_SHARE));
  return () => context.getRemainingTimeInMillis() > kept;
}

/** Turns the table's stream into usage snapshots. Records that could not be booked are reported and delivered again. */
export async function handler(event: DynamoDBStreamEvent, context?: Context): Promise<DynamoDBBatchResponse> {
  const started = Date.now();
  const { processed, snapshotsUpdated, duplicatesSkipped, poison, failures } =
    await processBatch(event.Records, store, config, logger, timeLeft(context));
  logger.info('Lambda invocation completed', {
    request_id: context?.awsRequestId,
    processed,
    snapshots_updated: snapshotsUpdated,
    duplicates_skipped: duplicatesSkipped,
    poison_records: poison,
    error_count: failures.length,
    processing_time_ms: Date.now() - started,
  });
  return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
}
