import { embeddedMetrics } from '../shared/embedded-metrics';
import type { BatchSummary } from './process-batch';

/** Metrics of one invocation, by name. The names are a contract: alarms and dashboards refer to them. */
export function batchMetrics(summary: BatchSummary, processingTimeMs: number): Record<MetricName, number> {
  return {
    RecordsProcessed: summary.processed,
    SnapshotsUpdated: summary.snapshotsUpdated,
    DuplicatesSkipped: summary.duplicatesSkipped,
    RefillsWritten: summary.refillsWritten,
    ShardsDoubled: summary.shardsDoubled,
    ShardsPropagated: summary.shardsPropagated,
    ShardCapReached: summary.shardCapReached,
    ShardCapExceeded: summary.shardCapExceeded,
    EventsArchived: summary.eventsArchived,
    RecordsFailed: summary.failures.length,
    PoisonRecords: summary.poison,
    ProcessingTime: processingTimeMs,
  };
}

export const METRIC_NAMES = [
  'RecordsProcessed', 'SnapshotsUpdated', 'DuplicatesSkipped', 'RefillsWritten', 'ShardsDoubled', 'ShardsPropagated', 'ShardCapReached',
  'ShardCapExceeded', 'EventsArchived', 'RecordsFailed', 'PoisonRecords', 'ProcessingTime',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** The same as one line of CloudWatch's embedded metric format. */
export function embeddedBatchMetrics(namespace: string, tableName: string, metrics: Readonly<Record<MetricName, number>>, timestamp: number): string {
  const units = METRIC_NAMES.map((name) => [name, { unit: name === 'ProcessingTime' ? 'Milliseconds' : 'Count', value: metrics[name] }] as const);
  return embeddedMetrics(namespace, tableName, Object.fromEntries(units), timestamp);
}
