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
const store = new DynamoDbStore(new DynamoDBClient(), tableName);

/** Turns the table's stream into usage snapshots. Records that could not be booked are reported and delivered again. */
export async function handler(event: DynamoDBStreamEvent, context?: Context): Promise<DynamoDBBatchResponse> {
  const started = Date.now();
  const { processed, snapshotsUpdated, duplicatesSkipped, poison, failures } = await processBatch(event.Records, store, config, logger);
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
