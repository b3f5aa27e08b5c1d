import type { DynamoDBRecord } from 'aws-lambda';
import { systemClock } from '@zae-limiter/client/core/clock';
import type { Store } from '@zae-limiter/client/store/store';
import { processBatch, type BatchSummary, type BatchTools } from '../../../lambda-src/aggregator/process-batch';
import { readSettings, type AggregatorConfig } from '../../../lambda-src/aggregator/settings';
import { WritePressure } from '../../../lambda-src/aggregator/sharding';
import type { UsageConfig } from '../../../lambda-src/aggregator/usage';
import { recordingLogger, type LogLine } from './log';

/** The settings of a function whose environment says nothing. */
export const DEFAULTS = readSettings({});

/** Default settings of usage, but for some. */
export const usageConfig = (changes: Partial<UsageConfig> = {}): UsageConfig => ({ ...DEFAULTS.usage, ...changes });

/** Default settings without what keeps buckets filled and sharded, so that usage is all that a batch writes. */
export const usageOnly = (usage: Partial<UsageConfig> = {}): AggregatorConfig =>
  ({ ...DEFAULTS, usage: usageConfig(usage), refill: false, sharding: { ...DEFAULTS.sharding, enabled: false } });

/** Processes a batch as a new instance of the function would, unless tools of an old one are given. */
export async function deliver(
  records: readonly DynamoDBRecord[], store: Store, config: AggregatorConfig = usageOnly(), tools: Partial<BatchTools> = {},
): Promise<BatchSummary & { readonly lines: LogLine[] }> {
  const { logger, lines } = recordingLogger('INFO');
  const summary = await processBatch(records, { store, logger, clock: systemClock, pressure: new WritePressure(config.sharding), ...tools }, config);
  return { ...summary, lines };
}
