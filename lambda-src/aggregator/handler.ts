import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { systemClock } from '@zae-limiter/client/core/clock';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { logLevel, requiredText, word } from '../shared/env';
import { Logger } from '../shared/logger';
import { traced } from '../shared/tracing';
import { batchMetrics, embeddedBatchMetrics } from './metrics';
import { processBatch } from './process-batch';
import { S3ArchiveStore } from './s3-archive-store';
import { readSettings } from './settings';
import { WritePressure } from './sharding';

// Read at cold start, so that a wrong setting shows in the first invocation and not in the first record that needs it.
const tableName = requiredText(process.env, 'TABLE_NAME');
const config = readSettings(process.env);
const metricsNamespace = process.env.METRICS_NAMESPACE ?? 'ZaeLimiter';
const logger = new Logger('aggregator', {
  level: logLevel(process.env), entityIds: word(process.env, 'LOG_ENTITY_IDS', ['plain', 'hash'], 'plain'),
});
logger.debug('Cold start', { table_name: tableName, schema_version: process.env.ZAE_LIMITER_SCHEMA_VERSION, settings: config });
/** Longest wait for one answer. No piece of work waits for more than two, which fits into the time that is kept for the report. */
const CALL_MS = 2000;
const tools = {
  // What the store repeats is safe to repeat, what the SDK repeats may not be.
  store: new DynamoDbStore(traced(new DynamoDBClient({ maxAttempts: 1 }), process.env), tableName, { timeoutMs: CALL_MS }),
  logger,
  clock: systemClock,
  pressure: new WritePressure(config.sharding),
  archive: config.archiveBucket === undefined ? undefined : new S3ArchiveStore(traced(new S3Client({}), process.env), config.archiveBucket),
};

/** Time kept to report what was not done, as a part of the whole and at least. */
const REPORT_SHARE = 0.1;
const MIN_REPORT_MS = 5000;

function timeLeft(context?: Context): () => boolean {
  if (context === undefined) return () => true;
  const total = context.getRemainingTimeInMillis();
  const kept = Math.min(total / 2, Math.max(MIN_REPORT_MS, total * REPORT_SHARE));
  return () => context.getRemainingTimeInMillis() > kept;
}

/** Turns the table's stream into usage snapshots, and keeps its buckets filled and sharded. Records that failed are reported and delivered again. */
export async function handler(event: DynamoDBStreamEvent, context?: Context): Promise<DynamoDBBatchResponse> {
  const started = Date.now();
  const summary = await processBatch(event.Records, { ...tools, hasTime: timeLeft(context) }, config);
  const processingTimeMs = Date.now() - started;
  logger.info('Lambda invocation completed', {
    request_id: context?.awsRequestId,
    processed: summary.processed,
    snapshots_updated: summary.snapshotsUpdated,
    duplicates_skipped: summary.duplicatesSkipped,
    refills_written: summary.refillsWritten,
    events_archived: summary.eventsArchived,
    s3_objects_created: summary.objectsCreated,
    poison_records: summary.poison,
    error_count: summary.failures.length,
    processing_time_ms: processingTimeMs,
  });
  logger.write(embeddedBatchMetrics(metricsNamespace, tableName, batchMetrics(summary, processingTimeMs), started));
  return { batchItemFailures: summary.failures.map((itemIdentifier) => ({ itemIdentifier })) };
}
